"""Pages in a headless Chromium, what they requested and what they complained of."""

import shutil
from collections.abc import Iterator
from typing import Any

import pytest


def started_browser() -> Iterator[Any]:
    """A browser, or a skip where there is none."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed (dev group)")
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("no chromium on PATH (apt-get install chromium)")
    with api.sync_playwright() as started:
        made = started.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield made
        made.close()


class Visits:
    """The pages of one test, each in a context of its own."""

    def __init__(self, browser: Any) -> None:
        self.complaints: list[str] = []
        self.requested: set[str] = set()
        self._browser, self._contexts = browser, list[Any]()

    def page(self, width: int, scheme: str, offline: bool = False) -> Any:
        """A new empty page."""
        context = self._browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, offline=offline
        )
        self._contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("dialog", lambda dialog: self.complaints.append(dialog.message))
        page.on("request", lambda one: self.requested.add(one.url.partition("?")[0]))
        return page

    def end(self) -> None:
        """Close them: a server that ends afterwards is missed by none."""
        while self._contexts:
            self._contexts.pop().close()
