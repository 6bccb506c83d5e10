"""A real browser, driven over its DevTools protocol: what it shows, asks for and complains about."""

from __future__ import annotations

import asyncio
import base64
import itertools
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from tests.parts.deadlines import wait_until, wait_until_async
from tests.parts.processes import Process, start_process
from tests.parts.require import require_part

STARTS_WITHIN_SECONDS = 60.0
ANSWERS_WITHIN_SECONDS = 30.0

_FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-sync",
    "--no-default-browser-check",
    "--no-first-run",
    "--hide-scrollbars",
    "--remote-debugging-port=0",
    # Nothing but this machine can be reached, whatever the page or the browser try.
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
)


def require_chromium() -> str:
    """Where it is."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    require_part("Chromium", chromium is not None, "On Debian: apt-get install chromium.")
    return str(chromium)


def start_browser(folder: Path) -> tuple[Process, str]:
    """The process, to be stopped by the caller, and the address of its DevTools. Skips where Chromium is missing."""
    chromium = require_chromium()
    profile = folder / "profile"
    command = [chromium, *_FLAGS, f"--user-data-dir={profile}", "about:blank"]
    process = start_process(command, folder / "chromium.log", environment={"HOME": str(folder)})
    port_file = profile / "DevToolsActivePort"
    try:
        wait_until(
            lambda: port_file.exists() and port_file.read_text().count("\n") > 0,
            STARTS_WITHIN_SECONDS,
            "Chromium to open its DevTools port",
            process=process,
        )
    except BaseException:
        process.stop()
        raise
    return process, f"http://127.0.0.1:{port_file.read_text().splitlines()[0]}"


@dataclass
class Tab:
    """One open page. `requests`: addresses that it asked for. `received`: bytes that came over the network,
    compressed as they were sent. `complaints`: errors and warnings of the console."""

    socket: aiohttp.ClientWebSocketResponse
    requests: list[str] = field(default_factory=list)
    received: int = 0
    complaints: list[str] = field(default_factory=list)
    answers: dict[int, asyncio.Future[dict[str, Any]]] = field(default_factory=dict)
    loaded: asyncio.Event = field(default_factory=asyncio.Event)
    numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    async def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        """A command of the protocol and its result."""
        number = next(self.numbers)
        self.answers[number] = asyncio.get_running_loop().create_future()
        await self.socket.send_json({"id": number, "method": method, "params": parameters})
        return await asyncio.wait_for(self.answers[number], ANSWERS_WITHIN_SECONDS)

    async def go(self, address: str) -> None:
        """Open an address and wait until all of it is there."""
        self.loaded.clear()
        await self.send("Page.navigate", url=address)
        await asyncio.wait_for(self.loaded.wait(), ANSWERS_WITHIN_SECONDS)

    async def run(self, script: str) -> Any:
        """The value of a JavaScript expression. DevTools are not bound by the page's Content-Security-Policy."""
        found = await self.send("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    async def until(self, script: str, what: str) -> None:
        """Wait until the expression is true."""
        await wait_until_async(lambda: self.run(script), ANSWERS_WITHIN_SECONDS, what)

    async def press(self, key: str, code: int) -> None:
        """One key, as from a keyboard."""
        for kind in ("keyDown", "keyUp"):
            await self.send(
                "Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code
            )

    async def follow(self, script: str) -> None:
        """Do what leads to another page, and wait until all of that is there."""
        self.loaded.clear()
        await self.run(script)
        await asyncio.wait_for(self.loaded.wait(), ANSWERS_WITHIN_SECONDS)

    async def look(self, width: int, *, dark: bool = False, script: bool = True) -> None:
        """The window's width, the colours that its user prefers, and whether scripts run."""
        scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        await self.send("Emulation.setEmulatedMedia", features=scheme)
        await self.send("Emulation.setScriptExecutionDisabled", value=not script)
        await self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=900,
            deviceScaleFactor=1,
            mobile=width < 600,
        )

    async def picture(self, file: Path, size: tuple[int, int] | None = None) -> None:
        """The whole page as a PNG, or so much of its upper left: width and height."""
        clip = {"clip": {"x": 0, "y": 0, "width": size[0], "height": size[1], "scale": 1}} if size else {}
        shot = await self.send("Page.captureScreenshot", format="png", captureBeyondViewport=True, **clip)
        file.write_bytes(base64.b64decode(shot["data"]))  # noqa: ASYNC240 - a small file, in a test

    async def listen(self) -> None:
        """Takes answers and events until the socket is closed."""
        async for message in self.socket:
            said = message.json()
            if "id" in said:
                answer = self.answers.pop(said["id"])
                if "error" in said:
                    answer.set_exception(RuntimeError(said["error"]["message"]))
                else:
                    answer.set_result(said["result"])
            else:
                self._hear(said["method"], said["params"])

    def _hear(self, event: str, told: dict[str, Any]) -> None:
        if event == "Network.requestWillBeSent":
            self.requests.append(told["request"]["url"])
        elif event == "Network.loadingFinished":
            self.received += int(told["encodedDataLength"])
        elif event == "Page.loadEventFired":
            self.loaded.set()
        elif event == "Runtime.exceptionThrown":
            self.complaints.append(str(told["exceptionDetails"]))
        elif event == "Runtime.consoleAPICalled" and told["type"] in {"error", "warning", "assert"}:
            self.complaints.append(str(told["args"]))
        elif event == "Log.entryAdded" and told["entry"]["level"] in {"error", "warning"}:
            self.complaints.append(told["entry"]["text"])


@asynccontextmanager
async def open_tab(devtools: str) -> AsyncIterator[Tab]:
    """A new tab of its own, closed at the end."""
    async with aiohttp.ClientSession() as session:
        async with session.put(f"{devtools}/json/new?about:blank") as answer:
            target = await answer.json(content_type=None)
        async with session.ws_connect(target["webSocketDebuggerUrl"], max_msg_size=0) as socket:
            tab = Tab(socket)
            listener = asyncio.create_task(tab.listen())
            for domain in ("Page", "Network", "Runtime", "Log"):
                await tab.send(f"{domain}.enable")
            yield tab
        await listener
        async with session.get(f"{devtools}/json/close/{target['id']}") as answer:
            await answer.read()
