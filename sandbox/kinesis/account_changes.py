"""Changes of people, settings, bounds, pictures, events and tokens, as tests call them."""

from __future__ import annotations

from typing import Any

from sandbox.kinesis.data import add_made_media, add_made_user
from sandbox.kinesis.model import Event, Media
from sandbox.kinesis.world import World

ACTOR = "usr[{0}]"


def assign(thing: Any, fields: dict[str, Any]) -> None:
    """Set fields that the thing has; raises AttributeError for any other, changing nothing."""
    if unknown := sorted(set(fields) - set(vars(thing))):
        raise AttributeError(f"{type(thing).__name__} has no {unknown}")
    for name, value in fields.items():
        setattr(thing, name, value)


class AccountChanges(World):
    """What belongs to no project. Ids are text, as truth() has them; an unknown one raises
    KeyError."""

    def add_user(self) -> str:
        """Register one more person; an event tells of it. Gives the id."""
        with self.lock:
            user = add_made_user(self.store)
            self.store.log(
                "user_register",
                f"usr[{{{user.number}}}] registered as <{user.email}>",
                "/users",
            )
            return str(self.user_id(user.number))

    def edit_user(self, user_id: str, **fields: Any) -> None:
        """A person changes their own profile: no event tells of it."""
        with self.lock:
            assign(self.user(user_id), fields)

    def change_role(self, user_id: str, role: str) -> None:
        """Give another role; the caller's is the switch `role` instead."""
        with self.lock:
            user = self.user(user_id)
            user.role = role
            self.store.log("user_role_update", f"{ACTOR} made usr[{{{user.number}}}] {role}")

    def delete_user(self, user_id: str) -> None:
        """Remove a person; projects keep naming them as a member."""
        with self.lock:
            user = self.user(user_id)
            self.store.users = [kept for kept in self.store.users if kept is not user]
            self.store.log("user_delete", f"{ACTOR} deleted usr[{{{user.number}}}]", "/users")

    def set_config(self, name: str, value: str) -> None:
        """Add or change a setting; a canary value counts as a secret from then on."""
        with self.lock:
            kind = "update" if name in self.store.configs else "create"
            self.store.configs[name] = value
            self._watch(value)
            self.store.log(f"config_{kind}", f"{ACTOR} set <{name}>", "/configs")

    def delete_config(self, name: str) -> None:
        with self.lock:
            del self.store.configs[name]
            self.store.log("config_delete", f"{ACTOR} deleted <{name}>", "/configs")

    def change_constraint(
        self,
        component_name: str,
        property_name: str,
        *,
        low: int | None,
        high: int | None,
    ) -> None:
        """Change one or both bounds, each with its own event."""
        with self.lock:
            for part in self.store.constraints:
                if (part.component_name, part.property_name) == (
                    component_name,
                    property_name,
                ):
                    break
            else:
                raise KeyError(f"no constraint {component_name}.{property_name}")
            words = f"{ACTOR} changed <{component_name}.{property_name}>"
            if low is not None:
                part.min = low
                self.store.log("constraint_update_min", words, "/constraints")
            if high is not None:
                part.max = high
                self.store.log("constraint_update_max", words, "/constraints")

    def add_media(self) -> str:
        """Upload a picture: no event tells of it. Gives the id."""
        with self.lock:
            return add_made_media(self.store).id

    def media(self, media_id: str) -> Media:
        for media in self.store.medias:
            if media.id == media_id:
                return media
        raise KeyError(f"no media {media_id!r}")

    def rename_media(self, media_id: str, name: str) -> None:
        """Change the name in the older form; no file is there under the new one."""
        with self.lock:
            self.media(media_id).name = name

    def delete_media(self, media_id: str) -> None:
        """Remove what is known of a picture; its file stays, as in the service."""
        with self.lock:
            gone = self.media(media_id)
            self.store.medias = [kept for kept in self.store.medias if kept is not gone]

    def lose_file(self, media_id: str) -> None:
        """Remove a picture's file; what is known of it stays."""
        with self.lock:
            media = self.media(media_id)
            for path in (media.name, media.path):
                self.store.files.pop(path, None)

    def add_event(
        self,
        event_type: str,
        description: str,
        *,
        redirect: str = "",
        timestamp: str = "",
    ) -> str:
        """Write an event, at the inner clock's time unless a text is given. Gives the id."""
        with self.lock:
            event = self.store.log(event_type, description, redirect)
            event.timestamp = timestamp or event.timestamp
            return event.id

    def delete_event(self, event_id: str) -> Event:
        """Remove one event, which moves the pages behind it."""
        with self.lock:
            for event in self.store.events:
                if event.id == event_id:
                    self.store.events.remove(event)
                    return event
            raise KeyError(f"no event {event_id!r}")

    def grow_field(self, resource: str, field: str, value: Any) -> None:
        """From now on every record of a resource (as in its address, or `structure`) has
        one more field, as after a new release; a field of that name is overlaid."""
        with self.lock:
            self.store.grown_fields.setdefault(resource, {})[field] = value

    def expire_tokens(self) -> None:
        """End all session tokens; a new login works."""
        with self.lock:
            self.tokens.expire_all()

    def replace_access_token(self) -> str:
        """Revoke the personal access token; credentials() has the new one."""
        with self.lock:
            return self.tokens.replace_access_token()

    def _watch(self, value: str) -> None:
        if "canary" in value.lower():
            self.store.secrets[value] = None
