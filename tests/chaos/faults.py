"""A proxy between the workers and ClickHouse that fails in the ways that networks and servers do.

The worst failures come after the work was done: ClickHouse has stored the block, and the worker is told otherwise.
"""

from __future__ import annotations

import asyncio
import random
import socket
import struct
from collections import Counter
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from enum import Enum
from typing import Any

from tests.chaos.http_messages import HttpMessage, read_message
from tests.parts.background_loop import BackgroundLoop
from tests.parts.processes import free_port


class Fault(Enum):
    """What happens to one request. `stored` means: ClickHouse gets the whole request and answers it."""

    ERROR = "stored, answered 500"
    DROPPED = "stored, connection closed without an answer"
    RESET = "stored, connection reset"
    LATE = "stored, answered after the client's time-out"
    HELD = "stored after the client's time-out"
    CUT = "connection cut in the middle of the request"
    HALVED = "ClickHouse takes half of the insert for all of it"
    REFUSED = "connection closed before ClickHouse saw anything"


_OUT_OF_MEMORY = (
    b"Code: 241. DB::Exception: Memory limit exceeded (made up by the proxy). (MEMORY_LIMIT_EXCEEDED)\n"
)
_ERROR_ANSWER = (
    b"HTTP/1.1 500 Internal Server Error\r\nX-ClickHouse-Exception-Code: 241\r\n"
    b"Content-Length: %d\r\nContent-Type: text/plain\r\n\r\n%s" % (len(_OUT_OF_MEMORY), _OUT_OF_MEMORY)
)
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class FaultProxy:
    """Listens on `port` and forwards each HTTP request to 127.0.0.1:`target`.

    `rate` is the share of requests that meet a fault, drawn in turn from a shuffled deck of `faults`, so that each
    occurs. `slow` seconds pass before any request is forwarded. All may be changed while it runs.
    """

    def __init__(self, target: int, seed: int, late_seconds: float) -> None:
        self.port = free_port()
        self.rate = 0.0
        self.faults: Sequence[Fault] = tuple(Fault)
        self.slow = 0.0
        self.injected: Counter[str] = Counter()
        self.forwarded = 0
        self.arrived_late = 0
        self._target = target
        self._late = late_seconds
        self._chance = random.Random(seed)
        self._deck: list[Fault] = []
        self._loop = BackgroundLoop("fault-proxy")
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.StreamWriter] = set()

    def start(self) -> None:
        """Listens; does nothing when it does already."""
        if self._server is None:
            self._server = self._loop.run(asyncio.start_server(self._accept, "127.0.0.1", self.port))

    def go_away(self) -> None:
        """Closes the port and resets every connection: the endpoint is gone until `start`."""
        if self._server is not None:
            self._loop.run(self._close())
            self._server = None

    def stop(self) -> None:
        self.go_away()
        self._loop.close()

    async def _close(self) -> None:
        assert self._server is not None
        # Python 3.11 leaves a connection open that it has just taken when its server closes: so it takes no more, and
        # in two turns of the loop all that it took is among ours.
        for listening in self._server.sockets:
            asyncio.get_running_loop().remove_reader(listening.fileno())
        for _ in range(2):
            await asyncio.sleep(0)
        self._server.close()
        for connection in tuple(self._connections):
            _reset(connection)

    def _accept(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> Coroutine[Any, Any, None]:
        # Known before its task begins, which may be cancelled before that.
        self._connections.add(writer)
        return self._serve(reader, writer)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while (request := await read_message(reader)) is not None and await self._handle(request, writer):
                pass
        except OSError:
            pass  # one side went away in the middle, which is what all of this is about
        finally:
            self._connections.discard(writer)
            writer.close()

    async def _handle(self, request: HttpMessage, client: asyncio.StreamWriter) -> bool:
        """Whether the client's connection can take another request."""
        if self.slow:
            await asyncio.sleep(self.slow)
        fault = self._draw(request)
        if fault is not None:
            self.injected[fault.value] += 1
        if fault is Fault.REFUSED:
            return False
        if fault is Fault.HELD:
            await asyncio.sleep(self._late)
        if fault is Fault.CUT:
            await self._exchange(request.cut(), half_closed=True)
            return False
        if fault is Fault.HALVED:
            await self._exchange(request.halved())
            return False
        answer = await self._exchange(request.raw)
        self.forwarded += 1
        self.arrived_late += fault is Fault.HELD
        return await self._give(answer, fault, client)

    async def _give(self, answer: bytes, fault: Fault | None, client: asyncio.StreamWriter) -> bool:
        match fault:
            case Fault.ERROR:
                answer = _ERROR_ANSWER
            case Fault.LATE:
                await asyncio.sleep(self._late)
            case Fault.RESET:
                _reset(client)
                return False
            case Fault.DROPPED:
                return False
        client.write(answer)
        await client.drain()
        return bool(answer)

    async def _exchange(self, request: bytes, half_closed: bool = False) -> bytes:
        """ClickHouse's whole answer; nothing when it is away or went away."""
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            return b""
        try:
            writer.write(request)
            await writer.drain()
            if half_closed:
                return b""
            answer = await read_message(reader)
            return answer.raw if answer else b""
        except OSError:
            return b""
        finally:
            writer.close()

    def _draw(self, request: HttpMessage) -> Fault | None:
        if not self.faults or self._chance.random() >= self.rate:
            return None
        if not self._deck:
            self._deck = self._chance.sample(self.faults, len(self.faults))
        # Half of a statement could be another statement; half of a block of data is none.
        fitting = [each for each in self._deck if each is not Fault.HALVED or request.is_data_insert]
        if not fitting:
            return None
        self._deck.remove(fitting[0])
        return fitting[0]


def _reset(writer: asyncio.StreamWriter) -> None:
    """Closes with RST instead of FIN: the other side's next read fails."""
    made: socket.socket | None = writer.get_extra_info("socket")
    if made is not None:
        with suppress(OSError):
            made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
    writer.transport.abort()
