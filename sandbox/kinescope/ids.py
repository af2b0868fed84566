"""Ids in both forms of the service, from which the number of a record can be read again.

Reading the number back is what lets an account of a million videos exist without a map.
"""

from __future__ import annotations

from hashlib import blake2b

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
POSITIONS = {letter: place for place, letter in enumerate(ALPHABET)}
SPREAD = 0x9E3779B1
"""An odd factor: multiplied by it, neighbouring numbers look unlike, and none is lost."""
UNSPREAD = pow(SPREAD, -1, 1 << 32)
LOW = (1 << 32) - 1


class Ids:
    """The ids of one account: a pure function of (seed, kind, number)."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._kinds: dict[str, tuple[int, bytes]] = {}

    def of(self, kind: str, number: int) -> str:
        """The id of a record: a UUID, or for one in seven 22 characters.

        Short ids may begin with a dash or an underscore, as opaque texts may.
        """
        if number % 7 != 3:
            return self.uuid(kind, number)
        spread, rest = self._parts(kind, number)
        first = {3: "-", 10: "_"}.get(number % 40) or ALPHABET[int(rest[:2], 16) % 52]
        return first + _digits(spread, 6) + _digits(int(rest, 16), 15)

    def uuid(self, kind: str, number: int) -> str:
        """The id of a record in the form of a UUID."""
        spread, rest = self._parts(kind, number)
        return f"{spread:08x}-{rest[:4]}-4{rest[4:7]}-a{rest[7:10]}-{rest[10:22]}"

    def number(self, kind: str, name: str) -> int | None:
        """The number of the record of this kind that bears this id, if any can."""
        try:
            if len(name) == 36:
                spread = int(name[:8], 16)
            elif len(name) == 22:
                spread = _number(name[1:7])
            else:
                return None
        except (KeyError, ValueError):
            return None
        number = ((spread - self._kind(kind)[0]) * UNSPREAD) & LOW
        return number if self.of(kind, number) == name else None

    def _parts(self, kind: str, number: int) -> tuple[int, str]:
        offset, key = self._kind(kind)
        rest = blake2b(b"%d" % number, digest_size=12, key=key).hexdigest()
        return (number * SPREAD + offset) & LOW, rest

    def _kind(self, kind: str) -> tuple[int, bytes]:
        if kind not in self._kinds:
            key = blake2b(f"{self.seed} {kind}".encode(), digest_size=16).digest()
            self._kinds[kind] = int.from_bytes(key[:4], "big"), key
        return self._kinds[kind]


def _digits(value: int, length: int) -> str:
    letters = []
    for _ in range(length):
        value, place = divmod(value, 64)
        letters.append(ALPHABET[place])
    return "".join(letters)


def _number(digits: str) -> int:
    value = 0
    for letter in reversed(digits):
        value = value * 64 + POSITIONS[letter]
    return value
