"""Invented text for a Kinopio account: lifelike, and awkward where real text is."""

from __future__ import annotations

import random

SUBJECTS = (
    "garden shed", "bread recipe", "choir tour", "bike repair", "reading circle", "attic",
    "podcast", "winter trip", "school play", "rain barrel", "old maps", "chess evening",
)  # fmt: skip
THOUGHTS = (
    "ask the neighbours first", "needs two people and a ladder", "why not in spring?",
    "compare three offers", "sketch it before buying", "who brings the glue",
    "write down what worked", "call back on Thursday", "the small one fits better",
)  # fmt: skip
AWKWARD = (
    "",
    "🪴 grow 👩‍👩‍👧‍👦 together 🏳️‍🌈",
    "שלום עולם, מה נשמע?",
    "قائمة المشتريات: خبز، زيت",
    "first line\nsecond line\r\n\tindented third",
    "she said \"no\", he said 'yes'; then, \\back\\slash",
    "=SUM(A1:A9)",
    "<script>alert('not run')</script>",
    "Ünïcödé — combining: e\u0301 · zero\u200bwidth · 漢字かな交じり",
    "NULL",
    "null, None, true, 0",
    "x'); DROP TABLE cards;--",
)
TAGS = ("todo", "idea", "someday", "to buy", "émigré", "🌱")
COLORS = ("#ffc1f3", "#70f4d1", "#d8fc83", "rgb(123, 238, 159)", "#83ef83", "rgb(12, 155, 31)")
ID_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"


class Writer:
    """Draws ids, texts and colours from one seeded source."""

    def __init__(self, seed: object) -> None:
        self.random = random.Random(f"kinopio {seed}")
        self._ids = 0

    def new_id(self) -> str:
        """A new id of 21 characters; every seventeenth begins with `-` or `_`."""
        self._ids += 1
        letters = self.random.choices(ID_LETTERS, k=21)
        if self._ids % 17 == 0:
            letters[0] = "-_"[self._ids // 17 % 2]
        return "".join(letters)

    def uuid(self) -> str:
        text = f"{self.random.getrandbits(128):032x}"
        return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))

    def color(self) -> str:
        return self.random.choice(COLORS)

    def title(self) -> str:
        return f"{self.random.choice(SUBJECTS).capitalize()} {self.random.randint(1, 99)}"

    def thought(self) -> str:
        return f"{self.random.choice(SUBJECTS)}: {self.random.choice(THOUGHTS)}"

    def card_text(self, number: int) -> str:
        """The text of the n-th card of a space: now and then awkward, long or markdown."""
        match number % 23:
            case 3:
                return AWKWARD[1 + number // 23 % (len(AWKWARD) - 1)]
            case 5:
                return f"# {self.title()}\n\n{self.thought()}"
            case 7:
                return f"[] {self.thought()}"
            case 8:
                return f"[x] {self.thought()}"
            case 11:
                host = self.random.choice(("cdn.kinopio.club", "files.kinopio.club"))
                return f"https://{host}/{self.new_id()}/picture-{number}.png"
            case 17:
                return (self.thought() + " … ") * 45
        return self.thought()


def slug(name: str, space_id: str) -> str:
    """The `url` field of a space: its name made harmless, then its id."""
    words = "".join(
        letter.lower() if letter.isascii() and letter.isalnum() else " " for letter in name
    )
    return "-".join([*words.split(), space_id])
