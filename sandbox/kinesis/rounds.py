"""A random round of changes, the traps among them."""

from __future__ import annotations

import random
from collections.abc import Callable

from sandbox.kinesis.account_changes import AccountChanges
from sandbox.kinesis.model import Collection, Project
from sandbox.kinesis.project_changes import ProjectChanges
from sandbox.kinesis.record_changes import RecordChanges


class Rounds(AccountChanges, ProjectChanges, RecordChanges):
    """Everything that may happen between two reads."""

    def change(self, seed: int) -> list[str]:
        """Edits, a deletion and an addition of records, then five other kinds of changes
        and sometimes new ids; the same seed on the same account does the same."""
        with self.lock:
            chance = random.Random(seed)
            told = self._change_records(chance)
            others: list[Callable[[random.Random], str]] = [
                self._change_people,
                self._change_settings,
                self._change_pictures,
                self._change_events,
                self._change_structures,
                self._change_projects,
                self._change_routes,
            ]
            told += [one(chance) for one in chance.sample(others, 5)]
            if chance.random() < 0.3:  # rare in life, and much to write for a copy
                told.append(self._change_ids(chance))
            return told

    def _collection(self, chance: random.Random) -> tuple[Project, Collection]:
        """One with records and structures, if there is any."""
        found = list(self.collections())
        full = [pair for pair in found if pair[1].records and pair[1].structures]
        return chance.choice(full or found)

    def _change_records(self, chance: random.Random) -> list[str]:
        told = []
        for what in (
            "edit",
            "edit",
            "edit_unseen",
            "publish",
            "delete",
            "add",
            "return",
        ):
            project, collection = self._collection(chance)
            where = (project.id, collection.id)
            if what == "add" or not collection.records:
                told.append(f"added record {self.add_record(*where)} to {'/'.join(where)}")
                continue
            record = chance.choice(collection.records)
            open_texts = [
                part.id
                for part in collection.structures
                if part.stype == "TEXT" and not part.secret and not part.array
            ]
            chosen = chance.choice(open_texts) if open_texts else None
            values = {chosen: f"édité {seed_text(chance)} ✍️"} if chosen else {}
            match what:
                case "edit":
                    new_id = self.edit_record(*where, record.data_id, **values)
                    told.append(f"edited record {record.data_id}, which is now {new_id}")
                case "edit_unseen":
                    self.edit_record_unseen(*where, record.data_id, **values)
                    told.append(f"edited record {record.data_id} without a trace")
                case "publish":
                    self.publish_record(*where, record.data_id, not record.published)
                    told.append(f"turned the published flag of record {record.data_id}")
                case "delete":
                    self.delete_record(*where, record.data_id)
                    told.append(f"deleted record {record.data_id}")
                case _:
                    gone = self.delete_record(*where, record.data_id)
                    self.restore_record(*where, gone)
                    told.append(f"deleted record {record.data_id} and created it again")
        return told

    def _change_people(self, chance: random.Random) -> str:
        added = self.add_user()
        editable = [str(self.user_id(user.number)) for user in self.store.users[1:]]
        edited = chance.choice(editable)
        self.edit_user(edited, bio=f"now {seed_text(chance)}", is_public=chance.random() < 0.5)
        self.change_role(chance.choice(editable), chance.choice(("ADMIN", "AUTHOR", "VIEWER")))
        gone = chance.choice([user_id for user_id in editable if user_id != added])
        self.delete_user(gone)
        return f"registered user {added}, edited {edited}, deleted {gone}"

    def _change_settings(self, chance: random.Random) -> str:
        self.set_config("PROJECT_NAME", f"Bookshop {seed_text(chance)}")
        self.set_config("PAYMENTS", self.store.secret("config"))
        self.set_config(f"extra_{seed_text(chance)}", self.store.secret("config"))
        if "greeting" in self.store.configs:
            self.delete_config("greeting")
        self.change_constraint("media", "name", low=None, high=chance.randint(100, 900))
        return "changed settings, a secret one too, and a bound"

    def _change_pictures(self, chance: random.Random) -> str:
        gone = chance.choice(self.store.medias).id
        self.delete_media(gone)
        added = self.add_media()
        self.rename_media(added, f"renamed_{seed_text(chance)}.png")
        return f"uploaded and renamed media {added}, deleted {gone}"

    def _change_events(self, chance: random.Random) -> str:
        return f"deleted event {self.delete_event(chance.choice(self.store.events).id).id}"

    def _change_structures(self, chance: random.Random) -> str:
        project, collection = self._collection(chance)
        where = (project.id, collection.id)
        name = f"added_{seed_text(chance)}"
        self.add_structure(*where, name, "INTEGER", default="5")
        self.move_structure(*where, name, 0)
        plain = [part.id for part in collection.structures if part.stype == "TEXT"]
        chosen = chance.choice(plain or [name])
        if not next(part for part in collection.structures if part.id == chosen).secret:
            self.edit_structure(*where, chosen, default_val=f"as of {seed_text(chance)}")
        return f"added structure {name} in front, changed the default of {chosen}"

    def _change_projects(self, chance: random.Random) -> str:
        name = f"new_{seed_text(chance)}"
        self.add_project(name, str(self.user_id(self.store.users[0].number)))
        self.add_collection(name, "posts")
        self.add_structure(name, "posts", "title")
        self.add_record(name, "posts", title="first")
        self.edit_project(name, description="made in a round", name="Corner Bookshop")
        deletable = [part.id for part in self.store.projects if part.id.startswith(("team", "new"))]
        gone = chance.choice(deletable)
        if gone == name:
            return f"added project {name}"
        self.delete_project(gone)
        return f"added project {name}, deleted {gone} with all that was in it"

    def _change_routes(self, chance: random.Random) -> str:
        project, collection = self._collection(chance)
        added = self.add_route(project.id, collection.id)
        edited = chance.choice(project.routes)
        self.edit_route(project.id, edited.route_id, params=None, route_path="/moved/é")
        return f"added route {added}, edited {edited.route_id}"

    def _change_ids(self, chance: random.Random) -> str:
        project, collection = self._collection(chance)
        old, new = collection.id, f"{collection.id[:20]}_{seed_text(chance)}"
        self.rename_collection(project.id, old, new)
        chosen = chance.choice(collection.structures).id
        self.rename_structure(project.id, new, chosen, f"{chosen[:20]}_{seed_text(chance)}")
        return f"renamed collection {old} to {new} and its structure {chosen}"


def seed_text(chance: random.Random) -> str:
    """A short text that differs from round to round."""
    return f"{chance.getrandbits(24):06x}"
