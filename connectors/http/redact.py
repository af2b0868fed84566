"""What may never reach a log, an error or a staged page: keys, tokens, signed links.

Names are compared without case, `_` and `-`, so that `apiKey` and `API_KEY` are one name.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterable
from functools import partial
from typing import Any
from urllib.parse import quote, unquote, urlsplit, urlunsplit

MASK = "***"
SHORTEST_SECRET = 4
"""Shorter values are left alone: masking every "1" would make a text useless."""
LONGEST_NAME = 64
"""No service has parameter names beyond this; it bounds how far `may_hold` looks back."""

SECRET_PARAMETERS = frozenset(
    (
        "apikey",
        "collaboratorkey",
        "readonlykey",
        "streamkey",
        "accesskey",
        "secretkey",
        "privatekey",
        "authkey",
        "embedkey",
        "key",
        "token",
        "jwt",
        "sign",
        "signature",
        "sig",
        "password",
        "passwd",
        "pwd",
        "secret",
        "auth",
        "authorization",
        "credential",
        "credentials",
        "session",
        "sessionid",
        "keypairid",
        "awsaccesskeyid",
        "googleaccessid",
    )
)
SECRET_ENDS = ("token", "password", "secret", "signature")
SECRET_STARTS = ("xamz", "xgoog")
SIGNATURES = frozenset({"sign", "signature", "sig"})
COMPANIONS = frozenset(("expires", "expiry", "exp", "policy", "se", "st", "sp", "sv", "sr", "spr"))
"""Say for how long a signature holds: worth nothing without it, and different at each read."""

FOLD = {ord("_"): None, ord("-"): None}
FOLD |= {ord(upper): upper.lower() for upper in string.ascii_uppercase}  # type: ignore[misc]


def fold(name: str) -> str:
    """The form in which names are compared. Only ASCII letters lose their case."""
    return name.translate(FOLD)


def is_secret_parameter(name: str) -> bool:
    """True for the name of a query parameter whose value gives access."""
    if len(name) > LONGEST_NAME:
        return False
    plain = fold(unquote(name).removeprefix("amp;"))
    return (
        plain in SECRET_PARAMETERS or plain.endswith(SECRET_ENDS) or plain.startswith(SECRET_STARTS)
    )


STOP = r"""\s"'<>?#()\[\]{}|\\^`"""
"""Characters that end a query wherever it stands in a text."""
DIALECTS = tuple(
    (
        re.compile(rf"([?&#]|{q}(?:3F|26|23))((?:(?!{q}(?:3F|23))[^{STOP}{amp}])*)", re.IGNORECASE)
        if q
        else re.compile(rf"([?&#])([^{STOP}]*)"),
        re.compile(f"({q}26)" if q else "(&)", re.IGNORECASE),
        re.compile(f"{q}3D|=" if q else "=", re.IGNORECASE),
    )
    for q, amp in (("", ""), ("%", "&"), ("%25", "&"))
)
"""How a query looks plain, inside a parameter (quoted once), and inside that (quoted twice)."""


def cut_queries(text: str, mask: str | None = None) -> str:
    """The text without the secret parameters of the URLs inside it; all else stays as it is.

    With a mask, the parameters keep their names and only lose their values.
    """
    for number, (query, joint, equals) in enumerate(DIALECTS):
        if number == 0 and "=" not in text:
            continue
        if number > 0 and "%" not in text:
            break
        text = query.sub(partial(_cut_query, joint, equals, mask), text)
    return text


def _cut_query(
    joint: re.Pattern[str], equals: re.Pattern[str], mask: str | None, found: re.Match[str]
) -> str:
    start, body = found.groups()
    pieces = joint.split(body)
    pairs = [equals.split(piece, maxsplit=1) for piece in pieces[::2]]
    secret = [len(pair) == 2 and is_secret_parameter(pair[0]) for pair in pairs]
    if not any(secret):
        return found.group()
    names = [fold(pair[0].removeprefix("amp;")) for pair in pairs]
    if not SIGNATURES.isdisjoint(names):
        secret = [was or name in COMPANIONS for was, name in zip(secret, names, strict=True)]
    # A full stop after the address belongs to the sentence, not to the value.
    end = body[len(body.rstrip(".,;:!")) :] if secret[-1] else ""
    kept: list[str] = []
    for number, (piece, hidden) in enumerate(zip(pieces[::2], secret, strict=True)):
        if hidden and mask is None:
            continue
        before = start if not kept else pieces[2 * number - 1]
        if hidden:
            value_at = equals.search(piece)
            piece = piece[: value_at.end() if value_at else 0] + (mask or "")
        # `&amp;` is one joint: its second half is no part of a first parameter's name.
        kept += [before, piece if kept else piece.removeprefix("amp;") if number else piece]
    return "".join(kept) + end


def safe_url(url: str) -> str:
    """The address for people: no user, no password, secret values masked, the rest kept."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "(an address that cannot be read)"
    host = parts.netloc.rpartition("@")[2]
    return cut_queries(urlunsplit(parts._replace(netloc=host)), MASK)


USER_IN_URL = re.compile(r"(?<=://)[^/\s@?#\"']*@")


def safe_text(text: str, secret_values: Iterable[str] = ()) -> str:
    """The text with secret values (also percent-encoded) and secrets in its URLs masked."""
    # The longest first, since one secret may begin with another.
    for secret in sorted(secret_values, key=len, reverse=True):
        if len(secret) >= SHORTEST_SECRET:
            text = text.replace(secret, MASK).replace(quote(secret, safe=""), MASK)
    return cut_queries(USER_IN_URL.sub("", text), MASK)


BOXES = frozenset({dict, list})


class Scrubber:
    """Removes secrets from parsed JSON: members by name, and parameters of URLs in any text."""

    def __init__(self, secret_keys: Iterable[str], strip_queries: bool = True) -> None:
        """`secret_keys` are ASCII names of members that are dropped wherever they stand."""
        self._keys = frozenset(map(fold, secret_keys))
        if bad := [key for key in self._keys if not key or not key.isascii()]:
            raise ValueError(f"names of secrets are ASCII words: {bad}")
        self._strip = strip_queries
        self._harmless: set[str] = set()

    def clean(self, value: Any) -> Any:
        """The value without secrets; dicts and lists are changed in place, and returned."""
        if isinstance(value, str):
            return cut_queries(value) if self._strip else value
        self.drop_members(value)
        return self._clean_texts(value) if self._strip else value

    def drop_members(self, value: Any) -> None:
        """Remove secret members by their names, in place; texts stay as they are."""
        # A list of what is still to visit, since deep nesting would end recursion.
        left = [value]
        harmless, later = self._harmless.issuperset, left.append
        for box in left:
            if type(box) is dict:
                if not harmless(box):
                    self._drop_from(box)
                for inner in box.values():
                    if type(inner) in BOXES:
                        later(inner)
            elif type(box) is list:
                left += box

    def _drop_from(self, box: dict[Any, Any]) -> None:
        for key in box.keys() - self._harmless:
            if isinstance(key, str) and fold(key) in self._keys:
                del box[key]
            elif len(self._harmless) < 10_000:
                self._harmless.add(key)

    def _clean_texts(self, value: Any) -> Any:
        left = [value]
        while left:
            box = left.pop()
            places: Iterable[tuple[Any, Any]]
            if isinstance(box, dict):
                places = box.items()
            elif isinstance(box, list):
                places = enumerate(box)
            else:
                continue
            for place, inner in places:
                if isinstance(inner, (dict, list)):
                    left.append(inner)
                elif isinstance(inner, str) and ("=" in inner or "%" in inner):
                    # Giving a present key a new value does not disturb the iteration.
                    box[place] = cut_queries(inner)
        return value

    def may_hold(self, encoded: bytes) -> bool:
        """False proves that no text of an encoded value holds a secret parameter.

        `encoded` is compact JSON as msgspec writes it.
        """
        if not self._strip:
            return False
        if b"%" in encoded and any(sign in encoded for sign in (b"%3D", b"%3d", b"%253")):
            return True
        return b"=" in encoded and any(map(_ends_in_parameter, encoded.split(b"=")[:-1]))


def _ends_in_parameter(before: bytes) -> bool:
    """True where the text before a `=` may end in a separator and a secret parameter's name."""
    # A character of the name takes 6 bytes where JSON escapes it.
    tail = before[-(6 * LONGEST_NAME + 8) :]
    at = max(tail.rfind(b"?"), tail.rfind(b"&"), tail.rfind(b"#"))
    name = tail[at + 1 :]
    if b"%" in name or b"\\" in name:
        return True
    return at >= 0 and is_secret_parameter(name.decode("utf-8", "replace"))
