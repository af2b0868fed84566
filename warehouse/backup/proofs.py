"""When a backup was last verified, how deeply, and what that found."""

from __future__ import annotations

import contextlib
from pathlib import Path

import msgspec

from warehouse.backup.archive import Archive
from warehouse.store.durable import replace_file

DEPTHS = ("quick", "full", "rebuild")


class Verification(msgspec.Struct, frozen=True):
    """One verification: when it ended and what it found."""

    at: str
    good: bool
    problems: list[str] = []
    number: int = 0
    """Counts the verifications of a backup: the later one has the larger number, since a clock
    may be wrong. Notes of an older kollect have none and go by their times."""

    @property
    def minute(self) -> str:
        """When it ended, for people: `2026-03-02 12:00` (UTC)."""
        return self.at[:16].replace("T", " ")

    @property
    def order(self) -> tuple[int, str]:
        return self.number, self.at


class Proofs(msgspec.Struct, frozen=True):
    """The last verification of each depth, and how far the rolling sample has come."""

    quick: Verification | None = None
    full: Verification | None = None
    rebuild: Verification | None = None
    sample_position: int = 0
    """Bytes of the backup, in the order of the sample, that this round has read so far."""
    sample_began: str = ""
    sample_number: int = 0

    @property
    def last_bad(self) -> Verification | None:
        """The newest verification that found damage, where no later one found none."""
        found = [
            proof
            for depth, proof in self._made()
            if not proof.good and not self._refuted(depth, proof)
        ]
        return max(found, key=lambda proof: proof.order, default=None)

    def _made(self) -> list[tuple[int, Verification]]:
        made = (self.quick, self.full, self.rebuild)
        return [(depth, proof) for depth, proof in enumerate(made) if proof is not None]

    def _refuted(self, depth: int, bad: Verification) -> bool:
        return any(
            proof.good and other >= depth and proof.order > bad.order
            for other, proof in self._made()
        )

    @property
    def best(self) -> tuple[str, Verification] | None:
        """The last time that every byte was proved, with its depth; None after damage."""
        found = [
            (proof.order, depth, proof) for depth, proof in self._made() if depth > 0 and proof.good
        ]
        if not found or self.last_bad is not None:
            return None
        _, depth, proof = max(found, key=lambda each: each[:2])
        return DEPTHS[depth], proof

    @property
    def next_number(self) -> int:
        """The number of the verification that is made next."""
        numbers = [self.sample_number, *(proof.number for _, proof in self._made())]
        return max(numbers) + 1


def _file(archive: Archive, name: str) -> Path:
    return archive.own / "proofs" / f"{name}.json"


def read_proofs(archive: Archive, name: str) -> Proofs:
    """The proofs of a backup; empty ones before the first, and where their file is unreadable."""
    try:
        return msgspec.json.decode(_file(archive, name).read_bytes(), type=Proofs)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return Proofs()


def write_proofs(archive: Archive, name: str, proofs: Proofs) -> None:
    """Keep it beside the backups; a folder that cannot be written to spoils no verification."""
    if archive.own.is_dir():
        with contextlib.suppress(OSError):
            replace_file(_file(archive, name), msgspec.json.encode(proofs) + b"\n")


def forget_proofs(archive: Archive, name: str) -> None:
    """Remove the proofs of a backup that is gone."""
    with contextlib.suppress(OSError):
        _file(archive, name).unlink(missing_ok=True)
