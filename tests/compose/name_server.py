"""A name server as a container engine has one: an address for each replica of a service."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Sequence

from tests.parts.processes import free_port

_HEADER, _NAME = 12, b"\xc0\x0c"  # the answer's name is the question's, twelve bytes in
_ADDRESS, _INTERNET, _SECONDS = 1, 1, 1


class NameServer:
    """Answers every question for IPv4 with all `addresses`, and every other one with none, over UDP on 127.0.0.1."""

    def __init__(self, addresses: Sequence[str]) -> None:
        self.port = free_port()
        self._addresses = addresses
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", self.port))
        self._thread = threading.Thread(target=self._serve, name="name-server", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        # An empty datagram of our own wakes the thread up.
        self._socket.sendto(b"", ("127.0.0.1", self.port))
        self._thread.join(10)
        self._socket.close()

    def _serve(self) -> None:
        while question := self._socket.recvfrom(4096):
            data, sender = question
            if not data:
                return
            self._socket.sendto(self._answer(data), sender)

    def _answer(self, question: bytes) -> bytes:
        end = question.index(b"\0", _HEADER) + 1
        (kind,) = struct.unpack_from(">H", question, end)
        addresses = self._addresses if kind == _ADDRESS else ()
        head = question[:2] + struct.pack(">5H", 0x8180, 1, len(addresses), 0, 0)
        fields = struct.pack(">HHIH", _ADDRESS, _INTERNET, _SECONDS, 4)
        records = b"".join(_NAME + fields + socket.inet_aton(address) for address in addresses)
        return head + question[_HEADER : end + 4] + records
