"""A round of random changes, each told in a sentence.

Left out are changes after which two honest copies may differ because only one of them
knew the record before (a space that a collaborator removed, lost access), and those that
no listing announces (another user's new name, one's own settings, AI images).
"""

from __future__ import annotations

from random import Random

from sandbox.kinopio.changes import Changes
from sandbox.kinopio.item_changes import KINDS
from sandbox.kinopio.words import AWKWARD, TAGS


def play(service: Changes, rng: Random) -> list[str]:
    """Ten changes; one sentence for each that was possible."""
    chosen = [*ALWAYS, *rng.choices(EVENTS, k=7)]
    return [done for event in chosen if (done := event(service, rng)) is not None]


def change_card(service: Changes, rng: Random) -> str | None:
    kinds = ("edit", "move", "remove", "empty")
    return _card(service, rng, rng.choice(kinds))


def edit_card(service: Changes, rng: Random) -> str | None:
    return _card(service, rng, "edit")


def remove_card(service: Changes, rng: Random) -> str | None:
    return _card(service, rng, "remove")


def change_removed_card(service: Changes, rng: Random) -> str | None:
    return _card(service, rng, rng.choice(("restore", "delete")))


def _card(service: Changes, rng: Random, what: str) -> str | None:
    """Something that happens to a card, to a removed one where only these can have it."""
    space_id, card_id = _any_card(service, rng, removed=what in ("restore", "delete"))
    if card_id is None:
        return None
    match what:
        case "edit":
            text = f"{rng.choice(AWKWARD[1:])} (edited {rng.randint(1, 9999)})"
            service.edit_card(space_id, card_id, text)
        case "move":
            service.move_card(space_id, card_id, rng.randint(0, 900) + 0.25, rng.randint(0, 900))
        case "remove":
            service.remove_card(space_id, card_id, leave_orphans=rng.random() < 0.3)
        case "empty":
            service.edit_card(space_id, card_id, "")
        case "restore":
            service.restore_card(space_id, card_id)
        case "delete":
            service.delete_card(space_id, card_id)
    return f"{what} card {card_id} of space {space_id}"


def add_card(service: Changes, rng: Random) -> str:
    space_id = _any_space(service, rng)
    card_id = service.add_card(space_id, f"thought no. {rng.randint(1, 9999)}")
    return f"added card {card_id} to space {space_id}"


def add_space(service: Changes, rng: Random) -> str:
    role = rng.choice(("ordinary", "ordinary", "shared", "journal", "template", "empty"))
    return f"added {role} space {service.add_space(role=role)}"


def rename_space(service: Changes, rng: Random) -> str:
    space_id = _any_space(service, rng)
    service.rename_space(space_id, f"Renamed {rng.randint(1, 9999)} 🪁")
    return f"renamed space {space_id}"


def visit_space(service: Changes, rng: Random) -> str:
    space_id = _any_space(service, rng)
    service.visit_space(space_id)
    return f"visited space {space_id}"


def remove_space(service: Changes, rng: Random) -> str | None:
    owned = service.space_ids("owned")
    if len(owned) < 4:
        return None
    service.remove_space(space_id := rng.choice(owned))
    return f"removed space {space_id}"


def restore_space(service: Changes, rng: Random) -> str | None:
    if not (removed := service.space_ids("removed")):
        return None
    service.restore_space(space_id := rng.choice(removed))
    return f"restored space {space_id}"


def delete_space(service: Changes, rng: Random) -> str | None:
    candidates = service.space_ids("removed") or service.space_ids("owned")[3:]
    if not candidates:
        return None
    service.delete_space(space_id := rng.choice(candidates))
    return f"deleted space {space_id} for good"


def add_child(service: Changes, rng: Random) -> str | None:
    space_id, card_id = _any_card(service, rng)
    if card_id is None:
        return None
    match kind := rng.choice(("box", "connection", "tag", "list", "line", "stroke")):
        case "box":
            service.add_box(space_id, rng.randint(0, 9))
        case "connection":
            service.add_connection(space_id, card_id, service.card_ids(space_id)[0])
        case "tag":
            service.add_tag(space_id, card_id, rng.choice(TAGS))
        case "list":
            service.add_list(space_id)
        case "line":
            service.add_line(space_id)
        case "stroke":
            service.draw(space_id)
    return f"added a {kind} to space {space_id}"


def change_child(service: Changes, rng: Random) -> str | None:
    space_id = _any_space(service, rng)
    kinds = [kind for kind in KINDS if service.child_ids(space_id, kind)]
    if not kinds:
        return None
    kind = rng.choice(kinds)
    child_id = rng.choice(service.child_ids(space_id, kind))
    if rng.random() < 0.5:
        if kind == "connection_types":
            service.delete_connection_type(space_id, child_id)
        else:
            service.delete_child(space_id, kind, child_id)
        return f"deleted {child_id} of {kind} in space {space_id}"
    color = f"#{rng.randint(0, 0xFFFFFF):06x}"
    if kind == "boxes":
        service.edit_box(space_id, child_id, color=color)
    elif kind == "connections":
        service.edit_child(space_id, kind, child_id, labelIsVisible=rng.random() < 0.5)
    else:
        service.edit_child(space_id, kind, child_id, color=color)
    return f"changed {child_id} of {kind} in space {space_id}"


def recolor_tags(service: Changes, rng: Random) -> str:
    name, color = rng.choice(TAGS), f"#{rng.randint(0, 0xFFFFFF):06x}"
    return f"recoloured {service.recolor_tags(name, color)} tags {name!r}"


def change_collaborators(service: Changes, rng: Random) -> str:
    space_id, user_id = _any_space(service, rng), rng.choice(service.user_ids()[:6])
    if user_id in service.world.spaces[space_id].collaborator_ids:
        service.remove_collaborator(space_id, user_id)
        return f"took {user_id} off space {space_id}"
    service.add_collaborator(space_id, user_id)
    return f"added {user_id} to space {space_id}"


def change_favorites(service: Changes, rng: Random) -> str:
    world = service.world
    space_id, user_id = _any_space(service, rng), rng.choice(service.user_ids()[:6])
    match rng.randint(0, 2):
        case 0:
            turn = service.unfavorite_space if space_id in world.favorite_spaces else None
            (turn or service.favorite_space)(space_id)
            return f"turned the favourite mark of space {space_id}"
        case 1:
            service.favorite_user(user_id, user_id not in world.favorite_users)
            return f"turned the favourite mark of user {user_id}"
    service.favorite_color(color := f"#{rng.randint(0, 0xFFFFFF):06x}")
    return f"made {color} a favourite colour"


def notify(service: Changes, rng: Random) -> str:
    notifications = service.world.notifications
    if len(notifications) >= 50 or rng.random() < 0.4:
        service.read_notification(read := rng.choice(notifications)["id"])
        return f"read notification {read}"
    return f"got notification {service.add_notification(space_id=_any_space(service, rng))}"


ALWAYS = (edit_card, remove_card, visit_space)
EVENTS = (
    add_card, add_child, add_child, add_space, change_card, change_card, change_card,
    change_child, change_child, change_collaborators, change_favorites, change_removed_card,
    change_removed_card, delete_space, notify, recolor_tags, remove_space, rename_space,
    restore_space, visit_space,
)  # fmt: skip


def _any_space(service: Changes, rng: Random) -> str:
    return rng.choice(service.space_ids("owned") + service.space_ids("shared"))


def _any_card(service: Changes, rng: Random, *, removed: bool = False) -> tuple[str, str | None]:
    """A space and one of its cards; the first space tried that has one."""
    space_ids = service.space_ids("owned") + service.space_ids("shared")
    rng.shuffle(space_ids)
    for space_id in space_ids:
        if card_ids := service.card_ids(space_id, removed):
            return space_id, rng.choice(card_ids)
    return space_ids[0], None
