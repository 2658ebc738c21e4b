"""Debian's Chromium without a window, for the tests that look at a page as its readers do."""

from __future__ import annotations

import json
import os
import shutil
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

REQUIRE = "FEERULES_REQUIRE_BROWSER"
QUIET = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-dev-shm-usage"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    # A browser that knows no name can reach nobody, and says so.
    "--host-resolver-rules=MAP * ~NOTFOUND",
)  # fmt: skip
# What a page is made of, and no request that leaves the machine.
AT_HOME = ("file:", "data:", "about:", "chrome:", "blob:")


@contextmanager
def browser(profile: Path) -> Iterator[Any]:
    """A driver of Chromium with an empty profile; skips, or fails where the environment promises a browser."""
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if chromium is None or driver is None:
        missing = "chromium and chromium-driver are not installed: apt-get install chromium chromium-driver"
        if os.environ.get(REQUIRE) == "1":
            pytest.fail(f"{REQUIRE}=1, but {missing}")
        pytest.skip(missing)
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for argument in (*QUIET, f"--user-data-dir={profile}", "--window-size=1280,1400"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    window = webdriver.Chrome(options=options, service=webdriver.ChromeService(executable_path=driver))
    try:
        yield window
    finally:
        window.quit()


def visit(window: Any, page: Path) -> None:
    """Opens a file; what was said and asked before is forgotten."""
    window.get_log("browser")
    window.get_log("performance")
    window.get(page.as_uri())


def said(window: Any) -> list[str]:
    """What the console has to say since then."""
    return [entry["message"] for entry in window.get_log("browser")]


def left(window: Any) -> list[str]:
    """The requests since then that left the browser; what the page itself forbids does not."""
    messages = [json.loads(entry["message"])["message"] for entry in window.get_log("performance")]
    forbidden = {
        each["params"]["requestId"]
        for each in messages
        if each["method"] == "Network.loadingFailed" and each["params"].get("blockedReason") == "csp"
    }
    asked = {
        each["params"]["requestId"]: each["params"]["request"]["url"]
        for each in messages
        if each["method"] == "Network.requestWillBeSent"
    }
    return [url for key, url in asked.items() if key not in forbidden and not url.startswith(AT_HOME)]


def on_paper(window: Any) -> bytes:
    """The page as a PDF, on the sheets that it asks for."""
    how = {"preferCSSPageSize": True, "printBackground": True}
    return b64decode(window.execute_cdp_cmd("Page.printToPDF", how)["data"])
