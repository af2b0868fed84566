"""Changes of data records, as tests call them."""

from __future__ import annotations

from sandbox.kinesis.account_changes import ACTOR
from sandbox.kinesis.data import add_made_record, new_data_id
from sandbox.kinesis.model import Record
from sandbox.kinesis.world import World


class RecordChanges(World):
    """What people keep in their collections. An unknown id raises KeyError."""

    def record(self, project_id: str, collection_id: str, data_id: str) -> Record:
        for record in self.collection(project_id, collection_id).records:
            if record.data_id == data_id:
                return record
        raise KeyError(f"no record {data_id!r} in {project_id!r}, {collection_id!r}")

    def add_record(self, project_id: str, collection_id: str, **values: str) -> str:
        """Add a made record with some given values at the end. Gives its id."""
        with self.lock:
            collection = self.collection(project_id, collection_id)
            data_id = add_made_record(self.store, collection)
            collection.records[-1].values.update(values)
            self._log("data_create", data_id)
            return data_id

    def edit_record(
        self, project_id: str, collection_id: str, data_id: str, /, **values: str
    ) -> str:
        """Change values by structure id. As in the service the record gets a new id and
        goes to the end of the list, which moves the pages behind it. Gives the new id."""
        with self.lock:
            record = self.record(project_id, collection_id, data_id)
            collection = self.collection(project_id, collection_id)
            if unknown := sorted(set(values) - {part.id for part in collection.structures}):
                raise KeyError(f"{collection_id!r} has no structures {unknown}")
            new_id = new_data_id(self.store, len(collection.records))
            edited = Record(
                new_id,
                record.published,
                {**record.values, **values},
                record.custom_values,
            )
            collection.records = [kept for kept in collection.records if kept is not record]
            collection.records.append(edited)
            self._log("data_update", new_id)
            return new_id

    def edit_record_unseen(
        self, project_id: str, collection_id: str, data_id: str, /, **values: str
    ) -> None:
        """Change values as a user-built route does: same id and place, and no event."""
        with self.lock:
            self.record(project_id, collection_id, data_id).values.update(values)

    def publish_record(
        self, project_id: str, collection_id: str, data_id: str, published: bool
    ) -> None:
        """Set the flag; id and place stay."""
        with self.lock:
            self.record(project_id, collection_id, data_id).published = published
            self._log("data_publish", data_id)

    def delete_record(self, project_id: str, collection_id: str, data_id: str) -> Record:
        """Remove a record for good; nothing is left of it but an event."""
        with self.lock:
            record = self.record(project_id, collection_id, data_id)
            collection = self.collection(project_id, collection_id)
            collection.records = [kept for kept in collection.records if kept is not record]
            self._log("data_delete", data_id)
            return record

    def restore_record(self, project_id: str, collection_id: str, record: Record) -> None:
        """Create again what delete_record gave: the id is kept, the place is the last."""
        with self.lock:
            self.collection(project_id, collection_id).records.append(record)
            self._log("data_create", record.data_id)

    def _log(self, event_type: str, data_id: str) -> None:
        self.store.log(event_type, f"{ACTOR} touched <{data_id}>", "/data")
