"""A round of random changes, each told in a sentence."""

from __future__ import annotations

from random import Random
from typing import Any

from sandbox.kitemaker.changes import Changes
from sandbox.kitemaker.records import Space


def play(service: Changes, rng: Random, seed: int) -> list[str]:
    """A random round that touches work items, comments and most of what is around them."""
    world, spaces = service.world, open_spaces(service)
    done = []
    for n in range(2):
        new = service.add_work_item(rng.choice(spaces).id, title=f"Card {seed}.{n} ✨")
        done.append(f"added work item {new}")
    for name in ("edit", "move", "archive", "delete", "comment on", "label"):
        items = [item for space in spaces for item in space.items.values()]
        if (item := any_of(rng, items)) is not None:
            change_item(service, name, item.id, rng)
            done.append(f"{name} work item {item.id}")
    if world.work_items.removed and rng.random() < 0.3:
        back = rng.choice(list(world.work_items.removed))
        service.return_work_item(back)
        done.append(f"brought work item {back} back")
    done.append(f"edited {len(service.edit_many(3, spaces[0].id))} work items in one moment")
    if (comment := any_of(rng, world.comments())) is not None:
        rng.choice((service.delete_comment, lambda i: service.edit_comment(i, "")))(comment.id)
        done.append(f"edited or deleted comment {comment.id}")
    service.rename_label(rng.choice(rng.choice(spaces).labels).id, f"label {seed}")
    service.deactivate_user(rng.choice(world.users[1:]).id, on=rng.random() < 0.5)
    done += ["renamed a label", "changed whether a user is active"]
    done.append(f"added initiative {service.add_initiative(f'Plan {seed}')}")
    done.append(f"added feedback {service.add_feedback(f'Wish {seed}', contents='👍')}")
    initiative = rng.choice(list(world.initiatives.values()))
    service.archive_initiative(initiative.id, on=initiative.archived_at is None)
    done.append(f"archived or brought back initiative {initiative.id}")
    service.set_initiative_spaces(initiative.id, [rng.choice(spaces).id])
    done.append(f"changed the spaces of initiative {initiative.id}")
    feedback = rng.choice([row for row in world.feedback.values() if row.insights])
    insight = rng.choice(feedback.insights)
    item = rng.choice(list(world.work_items.values()))
    service.link_insight(insight.id, item.id, on=item not in insight.linked)
    done.append(f"linked insight {insight.id} to work item {item.id}, or no longer")
    service.assign_work_item(item.id, world.users[0].id, on=world.users[0] not in item.members)
    done.append(f"changed the members of work item {item.id}")
    service.edit_feedback(feedback.id, processed=not feedback.processed)
    done.append(f"processed or reopened feedback {feedback.id}")
    return done


def change_item(service: Changes, name: str, item_id: str, rng: Random) -> None:
    space = service.world.work_items[item_id].space
    if name == "edit":
        service.edit_work_item(item_id, title=f"Edited {rng.random()}", effort=None)
    elif name == "move":
        service.move_work_item(item_id, rng.choice(open_spaces(service)).id)
    elif name == "archive":
        service.archive_work_item(item_id)
    elif name == "delete":
        service.delete_work_item(item_id)
    elif name == "comment on":
        service.add_comment(item_id, f"Remark {rng.random()}")
    else:
        service.label_work_item(item_id, rng.choice(space.labels).id, on=rng.random() < 0.7)


def open_spaces(service: Changes) -> list[Space]:
    """The spaces that every token sees."""
    return [space for space in service.world.spaces.values() if not space.private]


def any_of(rng: Random, rows: list[Any]) -> Any:
    """Any of the rows, or None if there are none."""
    return rng.choice(rows) if rows else None
