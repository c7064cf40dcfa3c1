"""Debian's Chromium, driven by Playwright, on pages served from this machine, with every other address cut off."""

import functools
import http.server
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, ConsoleMessage, Error, Page, Response, Route, sync_playwright

ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
CHROMIUM = os.environ.get("BENCH_MODELS_CHROMIUM") or "/usr/bin/chromium"
# On a busy machine asv's page draws its overview of a graph before it is laid out, and again when it is.
_TOO_EARLY = "Invalid dimensions for plot, width = 0"


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start the browser; without it there is nothing to test with, and the test fails."""
    if shutil.which(CHROMIUM) is None:
        raise AssertionError(
            f"there is no {CHROMIUM}: install it with `apt-get install -y chromium`, or say in BENCH_MODELS_CHROMIUM "
            "where it is"
        )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder on a free port of this machine, and return its address."""
    handler = functools.partial(_Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


@dataclass(slots=True, kw_only=True)
class Visit:
    """One page, what went wrong on it, and which addresses it asked for elsewhere."""

    page: Page
    base: str
    outside: list[str] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)

    def open(self, path: str) -> Page:
        """Go to a page of the site, and wait until it asks for nothing more."""
        self.page.goto(self.base + path)
        self.page.wait_for_load_state("networkidle")
        return self.page


@contextmanager
def visit(browser: Browser, base: str, scheme: Literal["light", "dark"] = "light") -> Iterator[Visit]:
    """Open a page with the network cut."""
    context = browser.new_context(color_scheme=scheme, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    seen = Visit(page=page, base=base)

    def cut(route: Route) -> None:
        if route.request.url.startswith(base):
            route.continue_()
        else:
            seen.outside.append(route.request.url)
            route.abort()

    def said(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            seen.troubles.append(message.text)

    def answered(response: Response) -> None:
        if response.status >= http.HTTPStatus.BAD_REQUEST:
            seen.troubles.append(f"{response.status} {response.url}")

    def failed(error: Error) -> None:
        if not str(error).startswith(_TOO_EARLY):
            seen.troubles.append(str(error))

    context.route("**/*", cut)
    page.on("console", said)
    page.on("pageerror", failed)
    page.on("response", answered)
    try:
        yield seen
    finally:
        context.close()
