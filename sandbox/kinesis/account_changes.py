"""What can happen to people, settings, bounds, pictures, events and tokens.

Ids are text, as the truth has them; an unknown one raises KeyError.
"""

from __future__ import annotations

import re
from typing import Any

from sandbox.core import Refused, Request, Service, action
from sandbox.kinesis.data import add_made_media, add_made_user, made_store
from sandbox.kinesis.records import CALLER, Event, Media, User, named
from sandbox.kinesis.switches import KinesisSwitches
from sandbox.kinesis.tokens import Tokens

ACTOR = "usr[{0}]"
NAMED_USER = re.compile(r"usr\[\{(\d+)\}\]")
SPOILED = {"empty": "", "storage": "number", "statusless": "statusless", "string_status": "string"}
"""Forms of a spoiled list, with the shape of the error's body."""


def assign(thing: Any, fields: dict[str, Any]) -> None:
    """Set fields that the thing has; raises ValueError for any other, changing nothing."""
    if unknown := sorted(set(fields) - set(vars(thing))):
        raise ValueError(f"{type(thing).__name__} has no {unknown}")
    for name, value in fields.items():
        setattr(thing, name, value)


class AccountChanges(Service):
    """The account's data, and changes of what belongs to no project."""

    name = "kinesis"
    switch_class = KinesisSwitches
    switches: KinesisSwitches

    def build(self) -> None:
        self.store = made_store(self.seed, self.size)
        self.clock = self.store.clock
        self.tokens = Tokens(self.store)
        self.spoiling: dict[str, list[str]] = {}
        self._set_prefix()

    def switch(self, name: str, value: Any) -> None:
        super().switch(name, value)
        if name == "api_prefix" and hasattr(self, "store"):
            self._set_prefix()

    def _set_prefix(self) -> None:
        """The prefix is the base path, and the setting API_PRE."""
        self.base_path = self.switches.api_prefix
        self.store.configs["API_PRE"] = self.base_path or "_empty"

    def user_id(self, number: int) -> int | str:
        """The id of a user in the present profile, also of one who is gone."""
        return number if self.switches.ids == "integer" else self.store.uuid_of(number)

    def user(self, user_id: str | int) -> User:
        """The user with this id; raises KeyError where there is none."""
        for user in self.store.users:
            if str(self.user_id(user.number)) == str(user_id):
                return user
        raise KeyError(f"no user {user_id!r}")

    def role(self, user: User) -> str:
        """A user's role; the caller's is a switch."""
        return self.switches.role if user.number == CALLER else user.role

    def described(self, text: str) -> str:
        """An event's text with the users' ids of the present profile in it."""
        return NAMED_USER.sub(lambda found: f"usr[{self.user_id(int(found[1]))}]", text)

    def admitted(self, request: Request, uid: str | None) -> User:
        """The user who asks, by token and uid; who is unknown comes before the token."""
        words = request.headers.get("authorization", "").split()
        if not words:
            raise Refused(401)
        token = words[-1]  # with or without the word Bearer
        if not uid:
            return self.user(self.user_id(self.tokens.owner(token, self.switches)))
        try:
            user = self.user(uid)
        except KeyError:
            raise Refused(404, "Account with this uid not found") from None
        if self.tokens.owner(token, self.switches) != user.number:
            raise Refused(403, "Incorrect UID")
        return user

    @action
    def add_user(self) -> str:
        """Register one more person; an event tells of it. Gives the id."""
        user = add_made_user(self.store)
        words = f"usr[{{{user.number}}}] registered as <{user.email}>"
        self.store.log("user_register", words, "/users")
        return str(self.user_id(user.number))

    @action
    def edit_user(self, user_id: str, **fields: Any) -> None:
        """A person changes their own profile: no event tells of it."""
        assign(self.user(user_id), fields)

    @action
    def change_role(self, user_id: str, role: str) -> None:
        """Give another role; the caller's is the switch `role` instead."""
        user = self.user(user_id)
        user.role = role
        self.store.log("user_role_update", f"{ACTOR} made usr[{{{user.number}}}] {role}")

    @action
    def delete_user(self, user_id: str) -> None:
        """Remove a person; projects keep naming them as a member."""
        user = self.user(user_id)
        self.store.users.remove(user)
        self.store.log("user_delete", f"{ACTOR} deleted usr[{{{user.number}}}]", "/users")

    @action
    def set_config(self, name: str, value: str) -> None:
        """Add or change a setting; a canary value counts as a secret from then on."""
        kind = "update" if name in self.store.configs else "create"
        self.store.configs[name] = value
        if "canary" in value.lower():
            self.store.secrets[value] = None
        self.store.log(f"config_{kind}", f"{ACTOR} set <{name}>", "/configs")

    @action
    def delete_config(self, name: str) -> None:
        del self.store.configs[name]
        self.store.log("config_delete", f"{ACTOR} deleted <{name}>", "/configs")

    @action
    def change_constraint(self, component_name: str, property_name: str, high: int) -> None:
        """Change an upper bound."""
        parts = [p for p in self.store.constraints if p.component_name == component_name]
        named(parts, property_name, "property_name").max = high
        words = f"{ACTOR} changed <{component_name}.{property_name}>"
        self.store.log("constraint_update_max", words, "/constraints")

    @action
    def add_media(self) -> str:
        """Upload a picture: no event tells of it. Gives the id."""
        return add_made_media(self.store).id

    @action
    def rename_media(self, media_id: str, name: str) -> None:
        """Change the name in the older form; no file is there under the new one."""
        self._media(media_id).name = name

    @action
    def delete_media(self, media_id: str) -> None:
        """Remove what is known of a picture; its file stays, as in the service."""
        self.store.medias.remove(self._media(media_id))

    @action
    def lose_file(self, media_id: str) -> None:
        """Remove a picture's file; what is known of it stays."""
        media = self._media(media_id)
        for path in (media.name, media.path):
            self.store.files.pop(path, None)

    @action
    def add_event(self, event_type: str, description: str, timestamp: str = "") -> str:
        """Write an event, at the inner clock's time unless a text is given. Gives the id."""
        event = self.store.log(event_type, description)
        event.timestamp = timestamp or event.timestamp
        return event.id

    @action
    def delete_event(self, event_id: str) -> None:
        """Remove one event, which moves the pages behind it."""
        event: Event = named(self.store.events, event_id)
        self.store.events.remove(event)

    @action
    def grow_field(self, resource: str, field: str, value: Any) -> None:
        """From now on every record of a resource (as in its address, or `structure`) has
        one more field, as after a new release. The truth leaves it out."""
        self.store.grown_fields.setdefault(resource, {})[field] = value

    @action
    def expire_tokens(self) -> None:
        """End all session tokens; a new login works."""
        self.tokens.expire_all()

    @action
    def spoil_next(self, resource: str, form: str, times: int = 1) -> None:
        """Spoil the next lists of a resource (as in its address): `empty` is status 200
        without rows, `storage` the error 500 of a failed read, `statusless` and
        `string_status` that error in the irregular bodies."""
        if form not in SPOILED:
            raise ValueError(f"form is one of {[*SPOILED]}, not {form!r}")
        self.spoiling.setdefault(resource, []).extend([form] * times)

    def _media(self, media_id: str) -> Media:
        found: Media = named(self.store.medias, media_id)
        return found
