"""The documentation names what exists: files, and for each promise the tests that show it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
NAMED = re.compile(r"\btests/[\w./]*[\w/]")
PROMISES = (ROOT / "docs" / "guarantees.md").read_text("utf-8").split("\n## ")[1:]


def named_in(text: str) -> set[str]:
    """The files and folders of tests that a text names."""
    return set(NAMED.findall(text))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_test_that_a_page_names_exists(page: Path) -> None:
    """Nobody is sent to a test that has moved."""
    assert {
        name for name in named_in(page.read_text("utf-8")) if not (ROOT / name).exists()
    } == set()


@pytest.mark.parametrize("promise", PROMISES, ids=lambda text: text.partition("\n")[0])
def test_every_promise_names_a_test_that_shows_it(promise: str) -> None:
    """Each heading of docs/guarantees.md has the promise and at least one test of it."""
    assert "**Promise.**" in promise
    shown = promise.partition("**Shown by**")[2].partition("**Not promised.**")[0]
    assert named_in(shown)


def test_every_suite_of_a_promise_is_named() -> None:
    """Each file of tests/promises stands in docs/guarantees.md."""
    suites = {str(file.relative_to(ROOT)) for file in (ROOT / "tests/promises").glob("test_*.py")}
    assert suites <= named_in("\n".join(PROMISES))
