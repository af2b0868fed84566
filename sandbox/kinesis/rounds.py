"""A random round of changes, the traps among them."""

from __future__ import annotations

from random import Random

from sandbox.kinesis.changes import Changes
from sandbox.kinesis.records import Collection, Project


def play(service: Changes, chance: Random) -> list[str]:
    """Edits, a deletion and an addition of records, then five other kinds of changes and
    sometimes new ids; one sentence for each."""
    told = _change_records(service, chance)
    told += [change(service, chance) for change in chance.sample(OTHERS, 5)]
    if chance.random() < 0.3:  # rare in life, and much to write for a copy
        told.append(_change_ids(service, chance))
    return told


def _collection(service: Changes, chance: Random) -> tuple[Project, Collection]:
    """One with records and structures, if there is any."""
    found = list(service.collections())
    full = [pair for pair in found if pair[1].records and pair[1].structures]
    return chance.choice(full or found)


def _change_records(service: Changes, chance: Random) -> list[str]:
    told = []
    for what in ("edit", "edit", "edit_unseen", "publish", "delete", "add", "return"):
        project, collection = _collection(service, chance)
        where = (project.id, collection.id)
        if what == "add" or not collection.records:
            told.append(f"added record {service.add_record(*where)} to {'/'.join(where)}")
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
                new_id = service.edit_record(*where, record.data_id, **values)
                told.append(f"edited record {record.data_id}, which is now {new_id}")
            case "edit_unseen":
                service.edit_record_unseen(*where, record.data_id, **values)
                told.append(f"edited record {record.data_id} without a trace")
            case "publish":
                service.publish_record(*where, record.data_id, not record.published)
                told.append(f"turned the published flag of record {record.data_id}")
            case "delete":
                service.delete_record(*where, record.data_id)
                told.append(f"deleted record {record.data_id}")
            case _:
                gone = service.delete_record(*where, record.data_id)
                service.restore_record(*where, gone)
                told.append(f"deleted record {record.data_id} and created it again")
    return told


def _change_people(service: Changes, chance: Random) -> str:
    added = service.add_user()
    editable = [str(service.user_id(user.number)) for user in service.store.users[1:]]
    edited = chance.choice(editable)
    service.edit_user(edited, bio=f"now {seed_text(chance)}", is_public=chance.random() < 0.5)
    service.change_role(chance.choice(editable), chance.choice(("ADMIN", "AUTHOR", "VIEWER")))
    gone = chance.choice([user_id for user_id in editable if user_id != added])
    service.delete_user(gone)
    return f"registered user {added}, edited {edited}, deleted {gone}"


def _change_settings(service: Changes, chance: Random) -> str:
    service.set_config("PROJECT_NAME", f"Bookshop {seed_text(chance)}")
    service.set_config("PAYMENTS", service.store.secret("config"))
    service.set_config(f"extra_{seed_text(chance)}", service.store.secret("config"))
    if "greeting" in service.store.configs:
        service.delete_config("greeting")
    service.change_constraint("media", "name", high=chance.randint(100, 900))
    return "changed settings, a secret one too, and a bound"


def _change_pictures(service: Changes, chance: Random) -> str:
    gone = chance.choice(service.store.medias).id
    service.delete_media(gone)
    added = service.add_media()
    service.rename_media(added, f"renamed_{seed_text(chance)}.png")
    return f"uploaded and renamed media {added}, deleted {gone}"


def _change_events(service: Changes, chance: Random) -> str:
    service.delete_event(gone := chance.choice(service.store.events).id)
    return f"deleted event {gone}"


def _change_structures(service: Changes, chance: Random) -> str:
    project, collection = _collection(service, chance)
    where = (project.id, collection.id)
    name = f"added_{seed_text(chance)}"
    service.add_structure(*where, name, "INTEGER", default="5")
    service.move_structure(*where, name, 0)
    plain = [part.id for part in collection.structures if part.stype == "TEXT"]
    chosen = chance.choice(plain or [name])
    if not next(part for part in collection.structures if part.id == chosen).secret:
        service.edit_structure(*where, chosen, default_val=f"as of {seed_text(chance)}")
    return f"added structure {name} in front, changed the default of {chosen}"


def _change_projects(service: Changes, chance: Random) -> str:
    name = f"new_{seed_text(chance)}"
    service.add_project(name, str(service.user_id(service.store.users[0].number)))
    service.add_collection(name, "posts")
    service.add_structure(name, "posts", "title")
    service.add_record(name, "posts", title="first")
    service.edit_project(name, description="made in a round", name="Corner Bookshop")
    deletable = [part.id for part in service.store.projects if part.id.startswith(("team", "new"))]
    gone = chance.choice(deletable)
    if gone == name:
        return f"added project {name}"
    service.delete_project(gone)
    return f"added project {name}, deleted {gone} with all that was in it"


def _change_routes(service: Changes, chance: Random) -> str:
    project, collection = _collection(service, chance)
    added = service.add_route(project.id, collection.id)
    edited = chance.choice(project.routes)
    service.edit_route(project.id, edited.route_id, params=None, route_path="/moved/é")
    return f"added route {added}, edited {edited.route_id}"


def _change_ids(service: Changes, chance: Random) -> str:
    project, collection = _collection(service, chance)
    old, new = collection.id, f"{collection.id[:20]}_{seed_text(chance)}"
    service.rename_collection(project.id, old, new)
    chosen = chance.choice(collection.structures).id
    service.rename_structure(project.id, new, chosen, f"{chosen[:20]}_{seed_text(chance)}")
    return f"renamed collection {old} to {new} and its structure {chosen}"


def seed_text(chance: Random) -> str:
    """A short text that differs from round to round."""
    return f"{chance.getrandbits(24):06x}"


OTHERS = (
    _change_people, _change_settings, _change_pictures, _change_events, _change_structures,
    _change_projects, _change_routes,
)  # fmt: skip
