"""What people build and keep: projects, collections, structures, records and routes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sandbox.core import action
from sandbox.kinesis.account_changes import ACTOR, AccountChanges, assign
from sandbox.kinesis.catalogue import structure as new_structure
from sandbox.kinesis.data import add_made_record, made_route, new_data_id
from sandbox.kinesis.records import Collection, Project, Record, named


class Changes(AccountChanges):
    """All changes; each writes an event unless it says otherwise."""

    def collection(self, project_id: str, collection_id: str) -> Collection:
        return self.store.collection(project_id, collection_id)

    def collections(self) -> Iterator[tuple[Project, Collection]]:
        return self.store.collections()

    def record(self, project_id: str, collection_id: str, data_id: str) -> Record:
        return named(self.collection(project_id, collection_id).records, data_id, "data_id")

    # Projects and collections

    @action
    def add_project(self, project_id: str, *members: str) -> None:
        """Create an empty project; `members` are ids of users."""
        numbers = [self.user(member).number for member in members]
        name = project_id.strip("-_").replace("_", " ").title()
        self.store.projects.append(Project(project_id, name, "", f"/{project_id}", numbers))
        self._log("project_create", f"pro[{project_id}]")

    @action
    def edit_project(self, project_id: str, **fields: Any) -> None:
        """Change name, description or api_path."""
        assign(self.store.project(project_id), fields)
        for name in fields:
            self._log(f"project_update_{name}", f"pro[{project_id}]")

    @action
    def rename_project(self, project_id: str, new_id: str) -> None:
        """Change the id: the key of everything in the project changes with it."""
        self.store.project(project_id).id = new_id
        self._log("project_update_id", f"pro[{project_id}] to pro[{new_id}]")

    @action
    def delete_project(self, project_id: str) -> None:
        """Remove a project with its collections, records and routes."""
        self.store.projects.remove(self.store.project(project_id))
        self._log("project_delete", f"pro[{project_id}]")

    @action
    def add_collection(self, project_id: str, collection_id: str) -> None:
        """Create a collection without structures."""
        collection = Collection(collection_id, collection_id.strip("-_").title(), "", [])
        self.store.project(project_id).collections.append(collection)
        self._log("collection_create", f"col[{collection_id}]")

    @action
    def rename_collection(self, project_id: str, collection_id: str, new_id: str) -> None:
        """Change the id: the keys of its structures and records change with it."""
        self.collection(project_id, collection_id).id = new_id
        self._log("collection_update_id", f"col[{collection_id}] to col[{new_id}]")

    @action
    def delete_collection(self, project_id: str, collection_id: str) -> None:
        """Remove a collection with its records."""
        collection = self.collection(project_id, collection_id)
        self.store.project(project_id).collections.remove(collection)
        self._log("collection_delete", f"col[{collection_id}]")

    # Structures, plain or in a custom structure

    @action
    def add_structure(
        self,
        project_id: str,
        collection_id: str,
        structure_id: str,
        stype: str | dict[str, str] = "TEXT",
        *,
        custom_structure_id: str = "",
        **options: Any,
    ) -> None:
        """Add a structure at the end; records have no stored value for it, so that they
        show its default. `options` are those of `catalogue.structure`."""
        collection = self.collection(project_id, collection_id)
        structures = collection.structures
        if custom_structure_id:
            structures = named(collection.custom_structures, custom_structure_id).structures
        structures.append(new_structure(structure_id, stype, **options))
        self._log("structure_create", f"<{structure_id}> col[{collection_id}]")

    @action
    def edit_structure(
        self, project_id: str, collection_id: str, structure_id: str, **fields: Any
    ) -> None:
        """Change anything but the id of a plain one. Another `default_val` changes how the
        empty values of all records read; another `stype` leaves the stored texts as they are."""
        structures = self.collection(project_id, collection_id).structures
        assign(named(structures, structure_id), fields)
        self._log("structure_update", f"<{structure_id}> col[{collection_id}]")

    @action
    def rename_structure(
        self, project_id: str, collection_id: str, structure_id: str, new_id: str
    ) -> None:
        """Change the id of a plain one; the values of all records follow."""
        collection = self.collection(project_id, collection_id)
        named(collection.structures, structure_id).id = new_id
        for record in collection.records:
            if structure_id in record.values:
                record.values[new_id] = record.values.pop(structure_id)
        self._log("structure_update", f"<{structure_id}> to <{new_id}>")

    @action
    def move_structure(
        self, project_id: str, collection_id: str, structure_id: str, position: int
    ) -> None:
        """Put a plain structure at another position; those behind it move."""
        structures = self.collection(project_id, collection_id).structures
        moved = named(structures, structure_id)
        structures.remove(moved)
        structures.insert(position, moved)
        self._log("structure_update", f"<{structure_id}> col[{collection_id}]")

    @action
    def delete_structure(self, project_id: str, collection_id: str, structure_id: str) -> None:
        """Remove a plain structure; its values are no longer shown."""
        structures = self.collection(project_id, collection_id).structures
        structures.remove(named(structures, structure_id))
        self._log("structure_delete", f"<{structure_id}> col[{collection_id}]")

    @action
    def rename_custom_structure(
        self, project_id: str, collection_id: str, custom_id: str, new_id: str
    ) -> None:
        """Change the id of a group; the keys of its structures and all values follow."""
        collection = self.collection(project_id, collection_id)
        named(collection.custom_structures, custom_id).id = new_id
        for record in collection.records:
            if custom_id in record.custom_values:
                record.custom_values[new_id] = record.custom_values.pop(custom_id)
        self._log("custom_structure_update", f"<{custom_id}> to <{new_id}>")

    # Routes

    @action
    def add_route(self, project_id: str, collection_id: str) -> str:
        """Build a route over a collection. Gives its id."""
        route = made_route(self.store, collection_id)
        self.store.project(project_id).routes.append(route)
        self._log("route_create", f"<{route.route_id}> pro[{project_id}]")
        return route.route_id

    @action
    def edit_route(self, project_id: str, route_id: str, **fields: Any) -> None:
        """Change any part of a route but its id."""
        assign(named(self.store.project(project_id).routes, route_id, "route_id"), fields)
        self._log("route_update", f"<{route_id}> pro[{project_id}]")

    # Records

    @action
    def add_record(self, project_id: str, collection_id: str, **values: str) -> str:
        """Add a made record with some given values at the end. Gives its id."""
        collection = self.collection(project_id, collection_id)
        data_id = add_made_record(self.store, collection)
        collection.records[-1].values.update(values)
        self._log("data_create", f"<{data_id}>")
        return data_id

    @action
    def edit_record(
        self, project_id: str, collection_id: str, data_id: str, /, **values: str
    ) -> str:
        """Change values by structure id. As in the service the record gets a new id and
        goes to the end of the list, which moves the pages behind it. Gives the new id."""
        collection = self.collection(project_id, collection_id)
        old = self.record(project_id, collection_id, data_id)
        if unknown := sorted(set(values) - {part.id for part in collection.structures}):
            raise KeyError(f"{collection_id!r} has no structures {unknown}")
        new_id = new_data_id(self.store, len(collection.records))
        groups = {name: dict(stored) for name, stored in old.custom_values.items()}
        collection.records.remove(old)
        edited = Record(new_id, old.published, old.values | values, groups)
        collection.records.append(edited)
        self._log("data_update", f"<{new_id}>")
        return new_id

    @action
    def edit_record_unseen(
        self, project_id: str, collection_id: str, data_id: str, /, **values: str
    ) -> None:
        """Change values as a user-built route does: same id and place, and no event."""
        self.record(project_id, collection_id, data_id).values.update(values)

    @action
    def publish_record(
        self, project_id: str, collection_id: str, data_id: str, published: bool
    ) -> None:
        """Set the flag; id and place stay."""
        self.record(project_id, collection_id, data_id).published = published
        self._log("data_publish", f"<{data_id}>")

    @action
    def delete_record(self, project_id: str, collection_id: str, data_id: str) -> Record:
        """Remove a record for good; nothing is left of it but an event."""
        record = self.record(project_id, collection_id, data_id)
        self.collection(project_id, collection_id).records.remove(record)
        self._log("data_delete", f"<{data_id}>")
        return record

    @action
    def restore_record(self, project_id: str, collection_id: str, record: Record) -> None:
        """Create again what delete_record gave: the id is kept, the place is the last."""
        self.collection(project_id, collection_id).records.append(record)
        self._log("data_create", f"<{record.data_id}>")

    def _log(self, event_type: str, words: str) -> None:
        self.store.log(event_type, f"{ACTOR} did this: {words}", "/projects")
