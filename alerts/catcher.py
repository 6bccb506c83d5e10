"""A mail server for the demo: takes every mail on a loopback port and keeps it as a file."""

from __future__ import annotations

import asyncio
import re
import threading
import unicodedata
from email import message_from_bytes, policy
from pathlib import Path
from types import TracebackType
from typing import Final

from aiosmtpd.smtp import SMTP, Envelope, Session

HOST: Final = "127.0.0.1"
_START_SECONDS: Final = 10.0
_SLUG_LENGTH: Final = 60


class Catcher:
    """Runs in its own thread between `start` and `stop`, or in a `with` block.

    Every mail becomes `NNNN-<subject>.eml` in `folder`, as received, also when it came before. Numbers go on after
    those of files that are already there.
    """

    def __init__(self, folder: Path, port: int = 0) -> None:
        self._folder = folder
        self._wanted_port = port
        self._thread = threading.Thread(target=self._serve, name="mail catcher", daemon=True)
        self._started = threading.Event()
        self._failure: BaseException | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._end: asyncio.Event | None = None
        #: The port in use, once started.
        self.port = 0
        #: How many mails came since the start, and the subject of the last one.
        self.count = 0
        self.last_subject = ""

    def start(self) -> Catcher:
        """Returns when the server takes mail. Raises OSError when the port is taken or the folder cannot be made."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self._number = max(map(_number, self._folder.glob("*.eml")), default=0)
        self._thread.start()
        if not self._started.wait(_START_SECONDS):
            raise TimeoutError(f"the mail catcher did not start within {_START_SECONDS:g} s")
        if self._failure is not None:
            raise self._failure
        return self

    def stop(self) -> None:
        """Returns when the port is free again. Does nothing when it was not started."""
        if self._loop is not None and self._end is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._end.set)
            self._thread.join()

    def __enter__(self) -> Catcher:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """aiosmtpd calls this for each mail; the answer goes to the sender."""
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        subject = str(message_from_bytes(content, policy=policy.default).get("Subject", ""))
        self._number += 1
        file = self._folder / f"{self._number:04}-{slug(subject)}.eml"
        # Whoever watches the folder must not read half a mail.
        half = file.with_suffix(".part")
        half.write_bytes(content)
        half.replace(file)
        self.count += 1
        self.last_subject = subject
        return "250 kept"

    def _serve(self) -> None:
        try:
            asyncio.run(self._run())
        except OSError as error:
            self._failure = error
        finally:
            self._started.set()

    async def _run(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._end = asyncio.Event()
        server = await self._loop.create_server(
            lambda: SMTP(self, hostname="bewithu.invalid", ident="bewithu mail catcher"),
            HOST,
            self._wanted_port,
        )
        self.port = server.sockets[0].getsockname()[1]
        self._started.set()
        await self._end.wait()
        # Without waiting for clients: one that keeps its connection open must not keep the demo from ending.
        server.close()


def _number(file: Path) -> int:
    digits = file.name.partition("-")[0]
    return int(digits) if digits.isdecimal() else 0


def slug(subject: str) -> str:
    """The subject as a part of a file name: `provincie-luik-412-personen-alarm`."""
    plain = unicodedata.normalize("NFKD", subject).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain)[:_SLUG_LENGTH].strip("-") or "mail"
