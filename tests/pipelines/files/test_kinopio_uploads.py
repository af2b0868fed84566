"""Which addresses in a card's text are files."""

from __future__ import annotations

import pytest

from connectors.kinopio.files import uploads_in, without_proxy

CDN = "https://cdn.kinopio.club/abc"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"{CDN}/a.png", [f"{CDN}/a.png"]),
        (f"look: ![x]({CDN}/a%20b.jpg)!", [f"{CDN}/a%20b.jpg"]),
        (f"{CDN}/a_(1).pdf and ({CDN}/b.MP4).", [f"{CDN}/a_(1).pdf", f"{CDN}/b.MP4"]),
        (f"[[tag]] {CDN}/größe.webp\n{CDN}/x.png?v=2", [f"{CDN}/größe.webp", f"{CDN}/x.png?v=2"]),
        ("https://example.org/page https://example.org https://a.b/c.unknown", []),
        ("no address .png at all, ftp://a/b.png", []),
        (f'<img src="{CDN}/q.gif">', [f"{CDN}/q.gif"]),
        ("https://[broken/a.png", []),
    ],
)
def test_files_are_found_as_a_browser_would_cut_them_out(text: str, found: list[str]) -> None:
    """Punctuation around an address is no part of it; pages are no files."""
    assert list(uploads_in(text)) == found


@pytest.mark.parametrize(
    "proxied",
    [
        f"https://img.kinopio.club/rs:fit:100/plain/{CDN}/a.png",
        "https://img.kinopio.club/w/https%3A%2F%2Fcdn.kinopio.club%2Fabc%2Fa.png",
    ],
)
def test_the_resizing_proxy_is_left_out(proxied: str) -> None:
    """The inner address is the upload itself."""
    assert without_proxy(proxied) == f"{CDN}/a.png"
    assert list(uploads_in(proxied)) == [f"{CDN}/a.png"]
