"""The part of the stand-in that answers, changes and truth share."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from sandbox.kinesis.data import made_store
from sandbox.kinesis.model import CALLER, Collection, Project, Store, User
from sandbox.kinesis.switches import SWITCHES
from sandbox.kinesis.tokens import Tokens
from sandbox.service import Request, Service, Window

NAMED_USER = re.compile(r"usr\[\{(\d+)\}\]")


class World(Service):
    """The kept things of one made account, the switches and the tokens.

    `lock` is held by every answer, change and truth, so that each sees a whole state.
    `after_answer` is called with the request and its number (from 1) once an answer is
    built: what it changes is seen by the next answer first.
    """

    name = "kinesis"
    may_hold_more = frozenset(("events",))
    without_truth = MappingProxyType(
        dict.fromkeys(("constraint_components", "custom_structures"), "until it is ported")
    )
    switches = SWITCHES
    windows = (Window(10, 1.0),)

    def __init__(
        self,
        *,
        size: int = 48,
        seed: int = 1,
        switches: Mapping[str, Any] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.lock = threading.RLock()
        self.store: Store = made_store(seed, size)
        self.tokens = Tokens(self.store, clock)
        self.after_answer: list[Callable[[Request, int], None]] = []
        self.answered = 0
        self.spoiling: dict[str, list[str]] = {}
        super().__init__(size=size, seed=seed, switches=switches)

    def switch(self, name: str, value: Any) -> None:
        """Turn one switch; `api_prefix` also changes the base path and the setting API_PRE."""
        with self.lock:
            super().switch(name, value)
            if name == "api_prefix":
                self.base_path = value
                self.store.configs["API_PRE"] = value or "_empty"

    def jump_clock(self, seconds: float) -> None:
        """Move the clock that dates events."""
        with self.lock:
            self.store.clock += int(seconds * 10**9)

    def user_id(self, number: int) -> int | str:
        """The id of a user in the present profile, also of one who is gone."""
        return number if self.settings["ids"] == "integer" else self.store.uuid_of(number)

    def user(self, user_id: str | int) -> User:
        """The user with this id; raises KeyError where there is none."""
        for user in self.store.users:
            if str(self.user_id(user.number)) == str(user_id):
                return user
        raise KeyError(f"no user {user_id!r}")

    def role(self, user: User) -> str:
        """A user's role; the caller's is a switch."""
        return str(self.settings["role"]) if user.number == CALLER else user.role

    def described(self, text: str) -> str:
        """An event's text with the users' ids of the present profile in it."""
        return NAMED_USER.sub(lambda found: f"usr[{self.user_id(int(found[1]))}]", text)

    def project(self, project_id: str) -> Project:
        """The project with this id; raises KeyError where there is none."""
        for project in self.store.projects:
            if project.id == project_id:
                return project
        raise KeyError(f"no project {project_id!r}")

    def collection(self, project_id: str, collection_id: str) -> Collection:
        """The collection of a project; raises KeyError where there is none."""
        for collection in self.project(project_id).collections:
            if collection.id == collection_id:
                return collection
        raise KeyError(f"no collection {collection_id!r} in {project_id!r}")

    def collections(self) -> Iterator[tuple[Project, Collection]]:
        """All collections, each with its project, in the order of insertion."""
        for project in self.store.projects:
            for collection in project.collections:
                yield project, collection

    def secrets(self) -> list[str]:
        """All invented secrets that ever were in the account, and all tokens handed out."""
        with self.lock:
            return list(self.store.secrets)

    def credentials(self) -> dict[str, str]:
        """The access token with the caller's id, user name and password, or one of the two."""
        with self.lock:
            caller = next(user for user in self.store.users if user.number == CALLER)
            token = {
                "KINESIS_API_TOKEN": self.tokens.access_token,
                "KINESIS_UID": str(self.user_id(CALLER)),
            }
            login = {
                "KINESIS_USERNAME": caller.username,
                "KINESIS_PASSWORD": caller.login_password,
            }
            match self.settings["credential"]:
                case "token":
                    return token
                case "login":
                    return login
                case _:
                    return {**token, **login}
