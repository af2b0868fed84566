"""When each backup was last proved, and how: kept beside the backups, never inside them."""

from __future__ import annotations

import contextlib
from pathlib import Path

import msgspec

from warehouse.backup.archive import Archive
from warehouse.store.durable import replace_file

DEPTHS = ("quick", "full", "rebuild")


class Completeness(msgspec.Struct, frozen=True):
    """One verification: when it ended and what it found."""

    at: str
    good: bool
    problems: list[str] = []


class Proofs(msgspec.Struct, frozen=True):
    """The last verification of each depth, and how far the rolling sample has come."""

    quick: Completeness | None = None
    full: Completeness | None = None
    rebuild: Completeness | None = None
    sample_position: int = 0
    """Bytes of the backup, in the order of the sample, that this round has read so far."""
    sample_began: str = ""

    @property
    def last_bad(self) -> Completeness | None:
        """The newest verification that found damage, where no later one found none."""
        found = [
            proof
            for depth, proof in self._made()
            if not proof.good and not self._refuted(depth, proof)
        ]
        return max(found, key=lambda proof: proof.at, default=None)

    def _made(self) -> list[tuple[int, Completeness]]:
        made = (self.quick, self.full, self.rebuild)
        return [(depth, proof) for depth, proof in enumerate(made) if proof is not None]

    def _refuted(self, depth: int, bad: Completeness) -> bool:
        return any(
            proof.good and other >= depth and proof.at > bad.at for other, proof in self._made()
        )

    @property
    def best(self) -> tuple[str, Completeness] | None:
        """The last time that every byte was proved, the deeper way first on equal terms."""
        found = [
            (proof.at, depth, proof) for depth, proof in self._made() if depth > 0 and proof.good
        ]
        if not found or self.last_bad is not None:
            return None
        _, depth, proof = max(found, key=lambda each: (each[0], each[1]))
        return DEPTHS[depth], proof


def _file(archive: Archive, name: str) -> Path:
    return archive.own / "proofs" / f"{name}.json"


def read_proofs(archive: Archive, name: str) -> Proofs:
    """What is known of a backup; nothing where nothing was noted (or the note is unreadable)."""
    try:
        return msgspec.json.decode(_file(archive, name).read_bytes(), type=Proofs)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return Proofs()


def write_proofs(archive: Archive, name: str, proofs: Proofs) -> bool:
    """Note it; False where the folder cannot be written to, which spoils no verification."""
    if not archive.own.is_dir():
        return False
    try:
        replace_file(_file(archive, name), msgspec.json.encode(proofs) + b"\n")
    except OSError:
        return False
    return True


def forget_proofs(archive: Archive, name: str) -> None:
    """The backup is gone."""
    with contextlib.suppress(OSError):
        _file(archive, name).unlink(missing_ok=True)
