"""Masks secrets in what people read: addresses and texts of logs, errors and events.

Here every address loses the values of parameters that usually open something, whatever host it
names. Records are another matter: `connectors.core.redact` takes out of them only what a
connector declares to be a secret of its service.

Names are compared without case, `_` and `-`, so that `apiKey` and `API_KEY` are one name.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from urllib.parse import quote, unquote, urlsplit, urlunsplit

MASK = "***"
SHORTEST_SECRET = 4
"""Shorter values are left alone: masking every "1" would make a text useless."""
LONGEST_NAME = 64
"""No service has parameter names beyond this."""

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

FOLD = {ord("_"): None, ord("-"): None}
FOLD |= {ord(upper): upper.lower() for upper in string.ascii_uppercase}  # type: ignore[misc]


def fold(name: str) -> str:
    """The form in which names are compared. Only ASCII letters lose their case."""
    return name.translate(FOLD)


def fold_parameter(name: str) -> str:
    """The form in which names of query parameters are compared; empty for absurdly long ones."""
    return fold(unquote(name).removeprefix("amp;")) if len(name) <= LONGEST_NAME else ""


def is_secret_parameter(name: str) -> bool:
    """Whether the value of a query parameter with this name usually gives access."""
    plain = fold_parameter(name)
    return (
        plain in SECRET_PARAMETERS or plain.endswith(SECRET_ENDS) or plain.startswith(SECRET_STARTS)
    )


STOP = r"""\s"'<>?#()\[\]{}|\\^`"""
"""Characters that end a query wherever it stands in a text."""


IsSecret = Callable[[str, str], bool]
"""Judges by the address before the query (unquoted) and the name of a parameter."""


@dataclass(frozen=True)
class _Dialect:
    """How the query of an address looks that was percent-encoded so many times."""

    quoted: int
    address: re.Pattern[str]
    """What stands before the query; the query with its fragment."""
    query: re.Pattern[str]
    """The sign that begins a query or a fragment; its parameters."""
    joint: re.Pattern[str]
    equals: re.Pattern[str]

    def cut(self, text: str, is_secret: IsSecret, mask: str | None) -> str:
        return self.address.sub(partial(self._cut_address, is_secret, mask), text)

    def _cut_address(self, is_secret: IsSecret, mask: str | None, found: re.Match[str]) -> str:
        address = found[1]
        for _ in range(self.quoted):
            address = unquote(address)
        cut = partial(self._cut_query, partial(is_secret, address), mask)
        return found[1] + self.query.sub(cut, found[2])

    def _cut_query(
        self, is_secret: Callable[[str], bool], mask: str | None, found: re.Match[str]
    ) -> str:
        start, body = found.groups()
        pieces = self.joint.split(body)
        pairs = [self.equals.split(piece, maxsplit=1) for piece in pieces[::2]]
        secret = [len(pair) == 2 and is_secret(pair[0]) for pair in pairs]
        if not any(secret):
            return found.group()
        # A full stop after the address belongs to the sentence, not to the value.
        end = body[len(body.rstrip(".,;:!")) :] if secret[-1] else ""
        kept: list[str] = []
        for number, (piece, secret_parts) in enumerate(zip(pieces[::2], secret, strict=True)):
            if secret_parts and mask is None:
                continue
            before = start if not kept else pieces[2 * number - 1]
            if secret_parts:
                value_at = self.equals.search(piece)
                piece = piece[: value_at.end() if value_at else 0] + (mask or "")
            # `&amp;` is one joint: its second half is no part of a first parameter's name.
            kept += [before, piece if kept else piece.removeprefix("amp;") if number else piece]
        return "".join(kept) + end


def _plain() -> _Dialect:
    # Begins only where a run of letters begins: a long run without a query is read once.
    return _Dialect(
        0,
        re.compile(f"(?<![^{STOP}&])([^{STOP}&]*)((?:[?&#][^{STOP}]*)+)"),
        re.compile(f"([?&#])([^{STOP}]*)"),
        re.compile("(&)"),
        re.compile("="),
    )


def _quoted(times: int, percent: str) -> _Dialect:
    begin = f"{percent}(?:3F|26|23)"
    part = f"(?:(?!{percent}(?:3F|23))[^{STOP}&])*"
    before = f"(?<![^{STOP}&])((?:(?!{begin})[^{STOP}])*)"
    return _Dialect(
        times,
        re.compile(f"{before}((?:{begin}{part})+)", re.IGNORECASE),
        re.compile(f"({begin})({part})", re.IGNORECASE),
        re.compile(f"({percent}26)", re.IGNORECASE),
        re.compile(f"{percent}3D|=", re.IGNORECASE),
    )


DIALECTS = (_plain(), _quoted(1, "%"), _quoted(2, "%25"))
"""Plain, inside a parameter of another address, and inside a parameter of that."""


def cut_parameters(text: str, is_secret: IsSecret, mask: str | None = None) -> str:
    """The text without secret parameters of the addresses inside it; all else stays as it is.

    With a mask, the parameters keep their names and lose only their values.
    """
    for dialect in DIALECTS:
        if ("%" if dialect.quoted else "=") in text:
            text = dialect.cut(text, is_secret, mask)
    return text


def _usually_secret(_: str, name: str) -> bool:
    return is_secret_parameter(name)


def safe_url(url: str) -> str:
    """The address for people: no user, no password, secret values masked, the rest kept."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "(an address that cannot be read)"
    host = parts.netloc.rpartition("@")[2]
    return cut_parameters(urlunsplit(parts._replace(netloc=host)), _usually_secret, MASK)


USER_IN_URL = re.compile(r"(?<=://)[^/\s@?#\"']*@")


def safe_text(text: str, secret_values: Iterable[str] = ()) -> str:
    """The text with secret values (also percent-encoded) and secrets in its addresses masked."""
    # The longest first, since one secret may begin with another.
    for secret in sorted(secret_values, key=len, reverse=True):
        if len(secret) >= SHORTEST_SECRET:
            text = text.replace(secret, MASK).replace(quote(secret, safe=""), MASK)
    return cut_parameters(USER_IN_URL.sub("", text), _usually_secret, MASK)
