"""Records as the service sends them, in the present profile."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sandbox.kinesis.model import (
    Collection,
    Constraint,
    Event,
    Media,
    Project,
    Record,
    Route,
    Structure,
    User,
)
from sandbox.kinesis.values import sent_values
from sandbox.kinesis.world import World

LEGACY_USER_FIELDS = (
    "id",
    "first_name",
    "last_name",
    "username",
    "email",
    "password",
    "role",
)


OPTIONAL_TEXTS = {
    "user": ("bio", "profile_picture"),
    "project": ("description",),
    "collection": ("description",),
    "event": ("redirect",),
}


class Payloads(World):
    """How each kind of record looks in answers."""

    def user_payload(self, user: User, *, at_login: bool = False) -> dict[str, Any]:
        hashed = self.settings["password_hash"]
        shown = hashed == "everywhere" or (hashed == "login" and at_login)
        payload = {
            "id": self.user_id(user.number),
            "first_name": user.first_name,
            "last_name": user.last_name,
            "username": user.username,
            "email": user.email,
            "password": user.password_hash if shown else "",
            "role": self.role(user),
            "reset_token": user.reset_token,
            "bio": user.bio,
            "profile_picture": user.profile_picture,
            "is_public": user.is_public,
            "links": user.links,
        }
        if self.settings["user_fields"] == "legacy":
            payload = {name: payload[name] for name in LEGACY_USER_FIELDS}
        return self._finished("user", payload)

    def config_payload(self, entry: tuple[str, str]) -> dict[str, Any]:
        return self._finished("config", {"name": entry[0], "value": entry[1]})

    def constraint_payload(self, component: list[Constraint]) -> dict[str, Any]:
        properties = [asdict(part) for part in component]
        for part in properties:
            del part["component_name"]
        name = component[0].component_name
        return self._finished("constraint", {"component_name": name, "properties": properties})

    def project_payload(self, project: Project) -> dict[str, Any]:
        payload = {
            "id": project.id,
            "name": project.name,
            "description": project.description,
            "api_path": project.api_path,
            "members": [self.user_id(number) for number in project.members],
        }
        return self._finished("project", payload)

    def collection_payload(self, project: Project, collection: Collection) -> dict[str, Any]:
        payload = {
            "id": collection.id,
            "project_id": project.id,
            "name": collection.name,
            "description": collection.description,
            "structures": [self.structure_payload(part) for part in collection.structures],
            "custom_structures": [
                {
                    "id": custom.id,
                    "name": custom.name,
                    "description": custom.description,
                    "structures": [self.structure_payload(part) for part in custom.structures],
                }
                for custom in collection.custom_structures
            ],
        }
        return self._finished("collection", payload)

    def record_payload(self, collection: Collection, record: Record) -> dict[str, Any]:
        payload = {
            "data_id": record.data_id,
            "structures": sent_values(collection.structures, record.values),
            "custom_structures": [
                {
                    "id": custom.id,
                    "structures": sent_values(
                        custom.structures, record.custom_values.get(custom.id, {})
                    ),
                }
                for custom in collection.custom_structures
            ],
            "published": record.published,
        }
        return self._finished("data", payload)

    def media_payload(self, media: Media) -> dict[str, Any]:
        if self.settings["media_fields"] == "legacy":
            return self._finished("media", {"id": media.id, "name": media.name})
        payload = asdict(media)
        del payload["name"]
        if not media.access_token:
            del payload["access_token"]
        return self._finished("media", payload)

    def event_payload(self, event: Event) -> dict[str, Any]:
        payload = dict(vars(event))
        payload["description"] = self.described(event.description)
        return self._finished("event", payload)

    def route_payload(self, project: Project, route: Route) -> dict[str, Any]:
        payload = {
            "route_id": route.route_id,
            "route_path": route.route_path,
            "project_id": project.id,
            "auth_jwt": route.auth_jwt,
            "body": route.body,
            "params": route.params,
            "flow": route.flow,
        }
        return self._finished("routing", payload)

    def structure_payload(self, structure: Structure) -> dict[str, Any]:
        return self._finished("structure", dict(vars(structure)))

    def _finished(self, resource: str, payload: dict[str, Any]) -> dict[str, Any]:
        form = self.settings["empty_text"]
        if form != "text":
            for name in OPTIONAL_TEXTS.get(resource, ()):
                if payload.get(name) == "":
                    payload[name] = None
                    if form == "absent":
                        del payload[name]
        if more := self.store.grown_fields.get(resource):
            payload.update(more)
        return payload
