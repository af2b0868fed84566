"""Words for made data, and the texts that break careless clients."""

from __future__ import annotations

QUALITIES = ("Short", "Annual", "Inner", "Open", "Silent", "Northern", "Spring", "Second")
SUBJECTS = ("lecture", "interview", "tour", "briefing", "workshop", "report", "rehearsal", "demo")
PLACES = ("Oslo", "Łódź", "Київ", "São Paulo", "Кострома", "Zürich", "Tórshavn", "Bordeaux")

HARD_TITLES: tuple[str, ...] = (
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
