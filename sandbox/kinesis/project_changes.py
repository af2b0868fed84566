"""Changes of projects, collections, structures and routes, as tests call them."""

from __future__ import annotations

from typing import Any

from sandbox.kinesis.account_changes import ACTOR, assign
from sandbox.kinesis.catalogue import structure as new_structure
from sandbox.kinesis.data import made_route
from sandbox.kinesis.model import (
    Collection,
    CustomStructure,
    Project,
    Route,
    Structure,
)
from sandbox.kinesis.world import World


class ProjectChanges(World):
    """What people build. An unknown id raises KeyError; every change writes an event."""

    def add_project(self, project_id: str, *members: str) -> None:
        """Create an empty project; `members` are ids of users."""
        with self.lock:
            numbers = [self.user(member).number for member in members]
            name = project_id.strip("-_").replace("_", " ").title()
            project = Project(project_id, name, "", f"/{project_id}", numbers)
            self.store.projects.append(project)
            self._log("project_create", f"pro[{project_id}]")

    def edit_project(self, project_id: str, **fields: Any) -> None:
        """Change name, description or api_path."""
        with self.lock:
            assign(self.project(project_id), fields)
            for name in fields:
                self._log(f"project_update_{name}", f"pro[{project_id}]")

    def rename_project(self, project_id: str, new_id: str) -> None:
        """Change the id: the key of everything in the project changes with it."""
        with self.lock:
            self.project(project_id).id = new_id
            self._log("project_update_id", f"pro[{project_id}] to pro[{new_id}]")

    def delete_project(self, project_id: str) -> Project:
        """Remove a project with its collections, records and routes."""
        with self.lock:
            project = self.project(project_id)
            self.store.projects = [kept for kept in self.store.projects if kept is not project]
            self._log("project_delete", f"pro[{project_id}]")
            return project

    def restore_project(self, project: Project) -> None:
        """Bring back what delete_project gave, under the same ids, at the end."""
        with self.lock:
            self.store.projects.append(project)
            self._log("project_create", f"pro[{project.id}]")

    def add_member(self, project_id: str, user_id: str) -> None:
        with self.lock:
            self.project(project_id).members.append(self.user(user_id).number)
            self._log("project_add_member", f"usr[{user_id}] pro[{project_id}]")

    def remove_member(self, project_id: str, user_id: str) -> None:
        """End a membership; a caller who is not ROOT silently loses the project's rows."""
        with self.lock:
            project = self.project(project_id)
            number = next(n for n in project.members if str(self.user_id(n)) == user_id)
            project.members = [kept for kept in project.members if kept != number]
            self._log("project_remove_member", f"usr[{user_id}] pro[{project_id}]")

    def add_collection(self, project_id: str, collection_id: str) -> None:
        """Create a collection without structures."""
        with self.lock:
            name = collection_id.strip("-_").title()
            collection = Collection(collection_id, name, "", [], [])
            self.project(project_id).collections.append(collection)
            self._log("collection_create", f"col[{collection_id}]")

    def edit_collection(self, project_id: str, collection_id: str, **fields: Any) -> None:
        """Change name or description."""
        with self.lock:
            assign(self.collection(project_id, collection_id), fields)
            for name in fields:
                self._log(f"collection_update_{name}", f"col[{collection_id}]")

    def rename_collection(self, project_id: str, collection_id: str, new_id: str) -> None:
        """Change the id: the keys of its structures and records change with it."""
        with self.lock:
            self.collection(project_id, collection_id).id = new_id
            self._log("collection_update_id", f"col[{collection_id}] to col[{new_id}]")

    def delete_collection(self, project_id: str, collection_id: str) -> Collection:
        """Remove a collection with its records."""
        with self.lock:
            collection = self.collection(project_id, collection_id)
            project = self.project(project_id)
            project.collections = [kept for kept in project.collections if kept is not collection]
            self._log("collection_delete", f"col[{collection_id}]")
            return collection

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
        with self.lock:
            structures = self._structures_of(project_id, collection_id, custom_structure_id)
            structures.append(new_structure(structure_id, stype, **options))
            self._log("structure_create", f"<{structure_id}> col[{collection_id}]")

    def edit_structure(
        self,
        project_id: str,
        collection_id: str,
        structure_id: str,
        *,
        custom_structure_id: str = "",
        **fields: Any,
    ) -> None:
        """Change anything but the id. Another `default_val` changes how the empty values of
        all records read; another `stype` leaves the stored texts as they are."""
        with self.lock:
            structures = self._structures_of(project_id, collection_id, custom_structure_id)
            assign(_named(structures, structure_id), fields)
            self._log("structure_update", f"<{structure_id}> col[{collection_id}]")

    def rename_structure(
        self,
        project_id: str,
        collection_id: str,
        structure_id: str,
        new_id: str,
        *,
        custom_structure_id: str = "",
    ) -> None:
        """Change the id; the values of all records follow."""
        with self.lock:
            structures = self._structures_of(project_id, collection_id, custom_structure_id)
            _named(structures, structure_id).id = new_id
            for record in self.collection(project_id, collection_id).records:
                values = record.values
                if custom_structure_id:
                    values = record.custom_values.get(custom_structure_id, {})
                if structure_id in values:
                    values[new_id] = values.pop(structure_id)
            self._log("structure_update", f"<{structure_id}> to <{new_id}>")

    def move_structure(
        self, project_id: str, collection_id: str, structure_id: str, position: int
    ) -> None:
        """Put a plain structure at another position; those behind it move."""
        with self.lock:
            structures = self.collection(project_id, collection_id).structures
            moved = _named(structures, structure_id)
            structures.remove(moved)
            structures.insert(position, moved)
            self._log("structure_update", f"<{structure_id}> col[{collection_id}]")

    def delete_structure(
        self,
        project_id: str,
        collection_id: str,
        structure_id: str,
        *,
        custom_structure_id: str = "",
    ) -> None:
        """Remove a structure; its values are no longer shown."""
        with self.lock:
            structures = self._structures_of(project_id, collection_id, custom_structure_id)
            structures.remove(_named(structures, structure_id))
            self._log("structure_delete", f"<{structure_id}> col[{collection_id}]")

    def add_custom_structure(self, project_id: str, collection_id: str, custom_id: str) -> None:
        """Add an empty group of structures."""
        with self.lock:
            custom = CustomStructure(custom_id, custom_id.title(), "", [])
            self.collection(project_id, collection_id).custom_structures.append(custom)
            self._log("custom_structure_create", f"<{custom_id}> col[{collection_id}]")

    def rename_custom_structure(
        self, project_id: str, collection_id: str, custom_id: str, new_id: str
    ) -> None:
        """Change the id of a group; the keys of its structures and all values follow."""
        with self.lock:
            collection = self.collection(project_id, collection_id)
            _named(collection.custom_structures, custom_id).id = new_id
            for record in collection.records:
                if custom_id in record.custom_values:
                    record.custom_values[new_id] = record.custom_values.pop(custom_id)
            self._log("custom_structure_update", f"<{custom_id}> to <{new_id}>")

    def delete_custom_structure(self, project_id: str, collection_id: str, custom_id: str) -> None:
        """Remove a group with its structures."""
        with self.lock:
            groups = self.collection(project_id, collection_id).custom_structures
            groups.remove(_named(groups, custom_id))
            self._log("custom_structure_delete", f"<{custom_id}> col[{collection_id}]")

    def add_route(self, project_id: str, collection_id: str) -> str:
        """Build a route over a collection. Gives its id."""
        with self.lock:
            route = made_route(self.store, project_id, collection_id)
            self.project(project_id).routes.append(route)
            self._log("route_create", f"<{route.route_id}> pro[{project_id}]")
            return route.route_id

    def edit_route(self, project_id: str, route_id: str, **fields: Any) -> None:
        """Change any part of a route but its id."""
        with self.lock:
            assign(self._route(project_id, route_id), fields)
            self._log("route_update", f"<{route_id}> pro[{project_id}]")

    def delete_route(self, project_id: str, route_id: str) -> None:
        with self.lock:
            self.project(project_id).routes.remove(self._route(project_id, route_id))
            self._log("route_delete", f"<{route_id}> pro[{project_id}]")

    def _structures_of(
        self, project_id: str, collection_id: str, custom_structure_id: str
    ) -> list[Structure]:
        collection = self.collection(project_id, collection_id)
        if not custom_structure_id:
            return collection.structures
        custom: CustomStructure = _named(collection.custom_structures, custom_structure_id)
        return custom.structures

    def _route(self, project_id: str, route_id: str) -> Route:
        for route in self.project(project_id).routes:
            if route.route_id == route_id:
                return route
        raise KeyError(f"no route {route_id!r} in {project_id!r}")

    def _log(self, event_type: str, words: str) -> None:
        self.store.log(event_type, f"{ACTOR} did this: {words}", "/projects")


def _named(things: list[Any], identifier: str) -> Any:
    for thing in things:
        if thing.id == identifier:
            return thing
    raise KeyError(f"no {identifier!r} among {[thing.id for thing in things]}")
