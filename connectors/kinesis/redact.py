"""Kinesis API: what is taken out of answers before anything is written.

Settings are listed in clear, whatever they hold, and records show the values of password and
encrypted fields. Both are kept by what is known to be harmless, never by what is known to be
secret: an answer in a shape that nobody knows keeps nothing but its envelope.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from connectors.core import Record
from connectors.kinesis.normalize import objects, rows_of

ENVELOPE = ("status", "message", "amount")
OPEN_CONFIGS = frozenset(
    ("ENV", "PROJECT_NAME", "FRONT_URL", "API_URL", "API_PORT", "API_PRE", "WS_PORT", "JWT_EXPIRE",
     "USE_REDIS", "REDIS_PORT", "SMTP_PORT", "UPLOAD_SIZE", "SHOULD_INITIALIZE", "CORS_WHITELIST",
     "LOGO_URL", "DOCS_URL")
)  # fmt: skip
"""Settings whose values are no secret in any installation (names ignore case)."""
USER_IN_URL = re.compile(r"://[^/\s]*@")
RECORD_PARTS = ("data_id", "published", "structures", "custom_structures")
LISTS = {"config": "configs", "collection": "collections", "data": "pairs"}
"""The kinds of answers that may hold secrets by value, and the member that holds their rows."""


def is_secret(structure: Record) -> bool:
    """Whether values of a structure (its default too) must not be kept; unsure means yes."""
    kind = structure.get("stype")
    if isinstance(kind, dict) and len(kind) == 1:
        (kind,) = kind
    if not isinstance(kind, str) or kind.upper() == "PASSWORD":
        return True
    return structure.get("encrypted") not in (False, None, 0, "", "false")


def open_structures(collection: Record) -> dict[str, frozenset[str]] | None:
    """Custom structure id (empty for plain ones) -> the structures whose values may be kept.

    None where the answer does not show the collection's structures at all.
    """
    if not isinstance(collection.get("structures"), list):
        return None
    found = {"": _open(collection["structures"])}
    for custom in objects(collection.get("custom_structures")):
        found[str(custom.get("id"))] = _open(custom.get("structures"))
    return found


def secret_structures(collection: Record) -> frozenset[str]:
    """The ids of all structures whose values must not be kept."""
    groups = [collection, *objects(collection.get("custom_structures"))]
    shown = (part for group in groups for part in objects(group.get("structures")))
    return frozenset(str(part.get("id")) for part in shown if is_secret(part))


def _open(structures: Any) -> frozenset[str]:
    shown = objects(structures)
    secret = {str(part.get("id")) for part in shown if is_secret(part)}
    return frozenset({str(part.get("id")) for part in shown} - secret)


def without_secrets(request: Record, payload: Any) -> Any:
    """The answer without secret settings, values and defaults; changed in place."""
    kind = str(request["path"]).strip("/").partition("/")[0]
    if kind not in LISTS:
        return payload
    rows = rows_of(payload, LISTS[kind])
    if rows is None:
        shown = payload if isinstance(payload, dict) else {}
        return {name: shown[name] for name in ENVELOPE if name in shown}
    known, sealed = request["bind"].get("open") or {}, request["bind"].get("sealed", ())
    for place, row in enumerate(rows):
        if not isinstance(row, dict):
            rows[place] = None
        elif kind == "config":
            _clean_config(row)
        elif kind == "collection":
            _clean_collection(row)
        else:
            _clean_record(row, known, sealed)
    return payload


def _clean_config(config: Record) -> None:
    name, value = str(config.get("name", config.get("key"))), config.get("value")
    if name.upper() not in OPEN_CONFIGS or (isinstance(value, str) and USER_IN_URL.search(value)):
        config.pop("value", None)


def _clean_collection(collection: Record) -> None:
    groups = [collection, *objects(collection.get("custom_structures"))]
    for group in groups:
        for structure in objects(group.get("structures")):
            if is_secret(structure):
                structure.pop("default_val", None)


def _clean_record(
    record: Record, known: Mapping[str, Collection[str]], sealed: Collection[str]
) -> None:
    for name in [name for name in record if name not in RECORD_PARTS]:
        # Another generation may show values in another place.
        if sealed and (name in sealed or isinstance(record[name], (dict, list))):
            del record[name]
    if "structures" in record:
        record["structures"] = _kept(record["structures"], known.get("", ()))
    if "custom_structures" in record:
        record["custom_structures"] = objects(record["custom_structures"])
        for group in record["custom_structures"]:
            open_parts = known.get(str(group.get("id")), ())
            group["structures"] = _kept(group.get("structures"), open_parts)


def _kept(values: Any, known: Collection[str]) -> list[Record]:
    return [part for part in objects(values) if str(part.get("id")) in known]
