"""Words for made data, the texts that break careless clients, and times as the service writes
them."""

from __future__ import annotations

from datetime import datetime

QUALITIES = ("Short", "Annual", "Inner", "Open", "Silent", "Northern", "Spring", "Second")
SUBJECTS = ("lecture", "interview", "tour", "briefing", "workshop", "report", "rehearsal", "demo")
PLACES = ("Oslo", "Łódź", "Київ", "São Paulo", "Кострома", "Zürich", "Tórshavn", "Bordeaux")

HARD_TITLES = (
    "🎬 Premiere 👩‍👩‍👧‍👦 🏳️‍🌈",
    "שלום עולם — مرحبا بالعالم",
    "Line one\nline two\ttab",
    "\"quoted\" and 'single' and `back` and \\ backslash",
    "",
    "Home",
    "Home",
    "NULL",
    "=SUM(A1:A9), or 1;2;3",
    "日本語のビデオ",
    "  spaces around  ",
    '<b>bold</b> &amp; {"json": [1]}',
)
"""Titles of the first videos, two of them equal."""

LONG_TEXT = (
    "A description that goes on. Описание, которое продолжается. 説明が続く。 🎞️ " * 40
).strip()


def time_text(when: datetime) -> str:
    """RFC 3339 of a time in UTC; trailing zeros of the fraction are cut (page, section 7)."""
    text = when.isoformat()[: -len("+00:00")]
    return f"{text.rstrip('0')}Z" if when.microsecond else f"{text}Z"
