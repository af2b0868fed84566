"""A headless Chromium for tests, spoken to in the WebDriver protocol: no further package needed."""

from __future__ import annotations

import base64
import json
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
DRIVER = shutil.which("chromedriver")
MISSING = "no headless browser: install Debian's packages chromium and chromium-driver"
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"


class Browser:
    """One window; closed with the block."""

    def __init__(self, folder: Path, width: int = 1500, height: int = 1000) -> None:
        self.folder = folder
        self.size = (width, height)

    def __enter__(self) -> Browser:
        assert CHROMIUM is not None
        assert DRIVER is not None
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.place = f"http://127.0.0.1:{port}"
        self.process = subprocess.Popen(
            [DRIVER, f"--port={port}", "--log-level=OFF"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        width, height = self.size
        arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            f"--window-size={width},{height}",
            f"--user-data-dir={self.folder / 'chromium'}",
        ]
        options = {"binary": CHROMIUM, "args": arguments}
        wanted = {"capabilities": {"alwaysMatch": {"goog:chromeOptions": options}}}
        made = until(lambda: self._ask("POST", "/session", wanted), 60)
        self.session = f"/session/{made['sessionId']}"
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self._ask("DELETE", self.session)
        finally:
            self.process.terminate()
            self.process.wait(20)

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        data = json.dumps(body if body is not None else {}).encode() if method == "POST" else None
        request = urllib.request.Request(
            self.place + path, data, {"Content-Type": "application/json"}, method=method
        )
        with urllib.request.urlopen(request, timeout=120) as answer:
            return json.load(answer)["value"]

    def open(self, address: str) -> None:
        """Go to an address."""
        self._ask("POST", f"{self.session}/url", {"url": address})

    def run(self, script: str, *arguments: Any) -> Any:
        """What a script in the page returns."""
        return self._ask(
            "POST", f"{self.session}/execute/sync", {"script": script, "args": list(arguments)}
        )

    @property
    def text(self) -> str:
        """What a person can read on the page."""
        return str(self.run("return document.body ? document.body.innerText : ''"))

    def wait_for(self, *words: str, seconds: float = 60) -> str:
        """The text of the page once all these words are on it; fails with the text otherwise."""
        shown = ""

        def there() -> bool:
            nonlocal shown
            shown = self.text
            return all(word in shown for word in words)

        try:
            until(there, seconds)
        except TimeoutError:
            raise AssertionError(f"{words} not on the page:\n{shown[:3000]}") from None
        return shown

    def click_text(self, text: str) -> None:
        """Click the innermost element that shows exactly this text."""
        self.run(
            """
            const found = [...document.querySelectorAll('a, button, div, span, label')]
                .filter(e => e.innerText && e.innerText.trim() === arguments[0]);
            if (!found.length) throw new Error('nothing says ' + arguments[0]);
            found[found.length - 1].click();
            """,
            text,
        )

    def picture(self, file: Path) -> Path:
        """A screenshot."""
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(base64.b64decode(self._ask("GET", f"{self.session}/screenshot")))
        return file


def until(deed: Callable[[], Any], seconds: float, pause: float = 0.3) -> Any:
    """The first true result of a deed; TimeoutError after so many seconds."""
    deadline = time.monotonic() + seconds
    last: Exception | None = None
    while time.monotonic() < deadline:
        try:
            if found := deed():
                return found
        except (OSError, urllib.error.URLError) as error:
            last = error
        time.sleep(pause)
    raise TimeoutError(f"not within {seconds:.0f} s: {last}")
