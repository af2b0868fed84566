"""What a complete copy holds, table by table, in the contract's names.

The truth is the whole account, as ROOT sees it, whatever the caller's role is.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from sandbox.kinesis.answers import Answers
from sandbox.kinesis.data import HARMLESS_CONFIGS
from sandbox.kinesis.model import Media, Record, Route, Structure
from sandbox.kinesis.payloads import OPTIONAL_TEXTS
from sandbox.kinesis.pictures import picture
from sandbox.kinesis.values import sent_value

Row = dict[str, Any]

SECRET_FIELDS = ("password", "reset_token", "access_token")
SIGNED = re.compile(r"[?&]access_token=[^&#\s,\"]*")


class Truth(Answers):
    """The referee's side of the stand-in."""

    def truth(self) -> dict[str, list[Row]]:
        """All tables of the contract; a secret or a value that a copy may redact is absent
        from its row, and an access token is cut out of the addresses that hold one."""
        with self.lock:
            return {
                "users": self._users(),
                "configs": self._configs(),
                "constraints": [dict(vars(part)) for part in self.store.constraints],
                "projects": self._projects(),
                "project_members": self._members(),
                "collections": self._collection_rows(),
                "structures": self._structures(),
                "records": self._records(),
                "media": [_public(self.media_payload(part)) for part in self.store.medias],
                "events": self._events(),
                "routes": self._routes(),
            }

    def true_files(self) -> list[Row]:
        """The pictures behind the media records, as the present form of those names them."""
        with self.lock:
            return [self._true_file(media) for media in self.store.medias]

    def _true_file(self, media: Media) -> Row:
        private = self.settings["media_fields"] == "current" and media.security == "PRIVATE"
        legacy = self.settings["media_fields"] == "legacy"
        named = self.store.files.get(media.name if legacy or private else media.path)
        body = None if named is None else picture(named)
        return {
            "table": "media",
            "record_key": media.id,
            "field": "path",
            "sha256": None if body is None else sha256(body).hexdigest(),
            "bytes": None if body is None else len(body),
        }

    def _users(self) -> list[Row]:
        rows = [_public(self.user_payload(user)) for user in self.store.users]
        for row in rows:
            row["id"] = str(row["id"])
            if self.settings["user_fields"] == "current":
                _fill("user", row)
                if row["profile_picture"]:
                    row["profile_picture"] = without_token(row["profile_picture"])
        return rows

    def _configs(self) -> list[Row]:
        rows = [self.config_payload(entry) for entry in self.store.configs.items()]
        for row in rows:
            if row["name"] not in HARMLESS_CONFIGS:
                del row["value"]
        return rows

    def _projects(self) -> list[Row]:
        rows = [self.project_payload(project) for project in self.store.projects]
        for row in rows:
            _fill("project", row)
            del row["members"]
        return rows

    def _members(self) -> list[Row]:
        return [
            {"project_id": project.id, "user_id": str(self.user_id(number))}
            for project in self.store.projects
            for number in dict.fromkeys(project.members)
        ]

    def _collection_rows(self) -> list[Row]:
        rows = [self.collection_payload(*pair) for pair in self.collections()]
        for row in rows:
            _fill("collection", row)
            del row["structures"], row["custom_structures"]
        return rows

    def _structures(self) -> list[Row]:
        rows: list[Row] = []
        for project, collection in self.collections():
            groups = [("", collection.structures)]
            groups += [(part.id, part.structures) for part in collection.custom_structures]
            for custom_id, structures in groups:
                for position, structure in enumerate(structures):
                    row: Row = {
                        "project_id": project.id,
                        "collection_id": collection.id,
                        "custom_structure_id": custom_id,
                        "position": position,
                        **self.structure_payload(structure),
                    }
                    if structure.secret:
                        del row["default_val"]  # it is read in place of an empty value
                    rows.append(row)
        return rows

    def _records(self) -> list[Row]:
        rows: list[Row] = []
        more = self.store.grown_fields.get("data", {})
        for project, collection in self.collections():
            open_structures = [part for part in collection.structures if not part.secret]
            for record in collection.records:
                rows.append(
                    {
                        "project_id": project.id,
                        "collection_id": collection.id,
                        "data_id": record.data_id,
                        "published": record.published,
                        "values": _values(open_structures, record),
                        **more,
                    }
                )
        return rows

    def _events(self) -> list[Row]:
        rows = [self.event_payload(event) for event in self.store.events]
        for row in rows:
            _fill("event", row)
            row["timestamp_raw"] = row["timestamp"]
            row["timestamp"] = event_moment(row["timestamp"])
        return rows

    def _routes(self) -> list[Row]:
        return [
            _flat_route(self.route_payload(project, route), route)
            for project in self.store.projects
            for route in project.routes
        ]


def without_token(text: str) -> str:
    """The text without access tokens in addresses; the rest of it stays."""
    return SIGNED.sub("", text) if "access_token=" in text else text


def event_moment(text: str) -> str:
    """An event's time as ISO 8601 with microseconds; what is finer is cut off."""
    day, clock, _ = text.split(" ")
    whole, _, fraction = clock.partition(".")
    moment = datetime.strptime(f"{day} {whole}", "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    moment = moment.replace(microsecond=int(fraction[:6].ljust(6, "0")))
    return moment.isoformat(timespec="microseconds")


def _fill(resource: str, row: Row) -> None:
    """A text that the service leaves out is NULL in a copy."""
    for name in OPTIONAL_TEXTS[resource]:
        row.setdefault(name, None)


def _public(payload: Row) -> Row:
    return {name: value for name, value in payload.items() if name not in SECRET_FIELDS}


def _values(structures: list[Structure], record: Record) -> dict[str, str]:
    return {part.id: without_token(sent_value(part, record.values)) for part in structures}


def _flat_route(payload: Row, route: Route) -> Row:
    """A route's nested login and parameters as columns, NULL where there are none."""
    row = {name: value for name, value in payload.items() if name not in ("auth_jwt", "params")}
    login, params = route.auth_jwt or {}, route.params or {}
    row |= {f"auth_jwt_{name}": login.get(name) for name in ("active", "field", "ref_col")}
    row |= {f"params_{name}": params.get(name) for name in ("delimiter", "pairs")}
    return row
