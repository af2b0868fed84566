"""Made texts: people, books, places; some of them hostile to careless storage."""

from __future__ import annotations

PEOPLE = (
    ("Ines", "Okafor", "ines_ok"), ("Mårten", "Öberg", "morten-o"), ("نور", "الحسن", "nour_h"),
    ("Dorothea", "O'Neill-Vance", "dot"), ("美咲", "渡辺", "misaki"),
    ("Tomás", "de la Cruz", "TomasDLC"), ("Ruth", "Abenov", "ruth_a"), ("Ines", "Okafor", "ines_2"),
)  # fmt: skip
TITLES = (
    "The Tide Tables of Saint-Malo",
    'A Guide to "Ordinary" Birds',
    "Letters, Lists & Ledgers",
    "夜の図書館",
    "ثلاثة أيام على النهر",
    "Cooking with Almost Nothing 🍲",
    "O'Brien's Last Ferry",
    "Semicolons; and Other Crimes",
    "100% Wool: a History",
    "<b>Bold</b> Claims",
)
SENTENCES = (
    "Arrived damp, otherwise as described.",
    "First line.\nSecond line, after a break.",
    'She said: "keep the receipt", and left.',
    "Naïve café façade \u2013 with a no-break\u00a0space.",
    "מימין לשמאל and back again.",
    "👩‍👩‍👧‍👦 family outing, 🇫🇮 and back",
    "Backslash \\ percent % dollar $ brace {x} tick ` done",
    "  leading and trailing spaces  ",
    "'); DROP TABLE records; --",
    "Combining: e\u0301 is not é; zero-width\u200bspace.",
)
ITEMS = (
    "crime", "travel", "poetry", "sea", "家", "children's", "ref-2025", "🍲", "null", "true",
)  # fmt: skip
CITIES = ("Turku", "Nantes", "Łódź", "Valparaíso", "金沢", "Cork")
BINDINGS = ("PAPERBACK", "HARDBACK", "BOARD_BOOK")
CHOICES = ("DRAFT", "OPEN", "SHIPPED", "CLOSED")
LONG = "A long note that goes on about tides, ledgers and ferries. " * 120
