"""Invented titles and texts: plain, empty, long, and in scripts and signs that break things."""

from __future__ import annotations

TITLES = (
    "Sign-in fails on the second try",
    "Dark mode for the board 🌒",
    'Rename "Done" to "Shipped"',
    "Comma, semicolon; tab\tand pipe | in one title",
    "تصدير إلى ملف CSV",
    "null",
    "12345678901234567890",
    "Crash when a title has a \\ backslash",
    "Search is slow with more than 1,000 cards",
    "Sign-in fails on the second try",
    "Ünïcödé in usernames: e\u0301 against é",
    "Translate the welcome page: 日本語 / עברית",
    "Print view",
)
BODIES = (
    "",
    "Happens only on Tuesdays.\n\n- step one\n- step two\n",
    "See [the log](https://files.example/uploads/log%201.txt) and ![](https://img.example/a.png)",
    "שלום! \u202eright to left\u202c and back, with a\u00a0hard space",
    "| a | b |\n|---|---|\n| 'x' | \"y\" |\r\n",
    "Family emoji 👨‍👩‍👧‍👦 and a lone accent \u0301",
    '{"looks": ["like", null, "JSON"]}',
    "A long story. " + "And so it went on and on, round and round. " * 120,
)
CONTENTS = (
    "Hello there\n",
    "I would *love* an export button ❤️",
    "",
    "From: someone\nTo: you\n\n> quoted\n> text",
)
