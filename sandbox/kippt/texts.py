"""Invented names and texts: plain, empty, null, long, and in odd scripts and signs."""

from __future__ import annotations

TITLES = (
    "A page about nothing",
    "Ünïcödé & <b>HTML</b> in a title",
    "מדריך קצר",
    'Seven "quoted" things, with, commas\tand a tab',
    "",
    "🧵 A thread, with a family 👨‍👩‍👧‍👦",
    "A page about nothing",
    "0123456789",
    "Backslash \\ and newline\nin one",
    "Very long " + "title " * 60,
)
NOTES = (
    "",
    "Read this #soon #cooking",
    "**Markdown**\r\n\n- one\n- two",
    None,
    "e\u0301 is not é, and \u202eright to left\u202c ends here",
    "long note " * 300,
)
COMMENTS = (
    "@mira you saw this?",
    "❤️",
    "I do not agree.\n\nNot at all.",
    '{"json": true}',
)
NAMES = ("Mira Example", "", None, "李小龍", "Ana-María d'Ávila", 'Bo "B" Ek')
BIOS = ("I collect links.", "", None, "lines\nand\nmore ✨")
