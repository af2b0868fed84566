"""The text that lies beside an encrypted backup: how to open it without kollect."""

from __future__ import annotations

TEXT = """\
This is an encrypted backup of kollect. Its files are in the age format (age-encryption.org).

With kollect:

    kollect restore THIS-FOLDER --key-file KEY-FILE --to restored.duckdb

Without kollect, with `age` and DuckDB, in this folder:

    age --decrypt --identity KEY-FILE {names} | while read -r stored file; do
        mkdir -p "OPENED/$(dirname "$file")"
        age --decrypt --identity KEY-FILE --output "OPENED/$file" "$stored"
    done
    cd OPENED && duckdb restored.duckdb < restore.sql

{manifest} is the manifest: tables, rows and hashes of everything inside.
`sha256sum --check SHA256SUMS` says without the key whether every byte is as it was written.
"""


def howto(manifest: str, names: str) -> str:
    """The text for a backup whose manifest and list of names lie in these files."""
    return TEXT.format(manifest=manifest, names=names)
