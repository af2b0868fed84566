"""Text as words to search for: equal whatever their case, accents and width.

Scripts that put no space between words (Chinese, Japanese, Thai ...) are split into characters,
and so are emoji; a query of several such characters is a phrase.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

MARKS = (
    "\u0300-\u036f\u0483-\u0487\u0591-\u05c7"
    "\u0610-\u061a\u064b-\u065f\u0670\u0900-\u0903\u093a-\u094f"
)
SPACELESS = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf"
    "\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
)
EMOJI = (
    "\u2190-\u21ff\u2300-\u27bf\u2900-\u297f\u2b00-\u2bff\U0001f000-\U0001f3fa\U0001f400-\U0001faff"
)
TOKEN = re.compile(rf"[{SPACELESS}]|[{EMOJI}]|(?:(?![{SPACELESS}])[^\W_][{MARKS}]*)+")
ALONE = re.compile(f"[{SPACELESS}]")
ASCII_TOKEN = re.compile(r"[A-Za-z0-9]+")
PLAIN = str.maketrans(
    {"ø": "o", "đ": "d", "ð": "d", "ł": "l", "æ": "ae", "œ": "oe", "þ": "th", "ı": "i"}
)
"""Letters that Unicode does not take apart into a letter and a mark."""
LONGEST = 100
"""Longer words are cut: nobody types them, and they would swell the index."""


@lru_cache(maxsize=100_000)
def normal(word: str) -> str:
    """A word without case, accents and width."""
    whole = unicodedata.normalize("NFKC", word).casefold()
    if len(whole) == 1 and ALONE.match(whole):
        return whole  # a voiced sound of Japanese is another sound
    apart = unicodedata.normalize("NFKD", whole)
    bare = "".join(letter for letter in apart if not unicodedata.combining(letter))
    return unicodedata.normalize("NFC", bare).translate(PLAIN)[:LONGEST]


def tokens(text: str) -> list[tuple[str, int, int]]:
    """The words of a text in order, each with where it begins and ends."""
    return [(normal(m[0]), m.start(), m.end()) for m in TOKEN.finditer(text)]


def indexed(text: str | None) -> str:
    """The words of a text, joined by blanks: what the index holds."""
    if not text:
        return ""
    if text.isascii():
        return " ".join(word[:LONGEST] for word in ASCII_TOKEN.findall(text.lower()))
    return " ".join(word for m in TOKEN.finditer(text) if (word := normal(m[0])))


def phrases(query: str) -> list[tuple[list[str], bool]]:
    """What a query asks for: phrases of one word or more, and whether the last word is a prefix.

    `"two words"` in quotes is a phrase, `gard*` a prefix; each must be in the document.
    """
    found = []
    for quoted, bare in re.findall(r'"([^"]*)"?|(\S+)', query):
        part = quoted or bare
        words = [word for word, _, _ in tokens(part) if word]
        if words:
            found.append((words, part.endswith("*")))
    return found


def snippet(text: str, query: str, width: int = 120) -> tuple[str, list[tuple[int, int]]]:
    """A piece of a text around the first word that the query asks for, and where its words stand.

    White space becomes one blank. The places are pairs of begin and end in the piece.
    """
    wanted = phrases(query)
    whole = {word for words, prefix in wanted for word in words}
    begins = tuple(words[-1] for words, prefix in wanted if prefix or len(words) == 1)
    text = " ".join(text.split())
    hits = [
        (start, end)
        for word, start, end in tokens(text)
        if word in whole or (begins and word.startswith(begins))
    ]
    first = hits[0][0] if hits else 0
    start = max(0, min(first - width // 3, len(text) - width))
    piece = text[start : start + width]
    before, after = "…" if start else "", "…" if start + width < len(text) else ""
    shift = len(before) - start
    places = [(s + shift, e + shift) for s, e in hits if s >= start and e <= start + width]
    return f"{before}{piece}{after}", places
