"""A round of random changes, each told in a sentence.

Left out are changes after which two honest copies may differ because only one of them
knew the record before (a space that a collaborator removed, lost access), and those that
no listing announces (another user's new name, one's own settings, AI images).
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from sandbox.kinopio.item_changes import ItemChanges
from sandbox.kinopio.words import AWKWARD, TAGS

Event = Callable[[ItemChanges, Random], str | None]


def play(service: ItemChanges, seed: int, events: int = 10) -> list[str]:
    """Make several changes drawn from the seed; one sentence for each that was possible."""
    random = Random(f"kinopio round {seed}")
    always = [edit_card, remove_card, visit_space]
    chosen = [*always, *random.choices(EVENTS, k=max(0, events - len(always)))]
    return [sentence for event in chosen if (sentence := event(service, random)) is not None]


def edit_card(service: ItemChanges, random: Random) -> str | None:
    space_id, card_id = _any_card(service, random)
    if card_id is None:
        return None
    text = f"{random.choice(AWKWARD[1:])} (edited {random.randint(1, 9999)})"
    service.edit_card(space_id, card_id, text)
    return f"edited card {card_id} of space {space_id}"


def add_card(service: ItemChanges, random: Random) -> str:
    space_id = _any_space(service, random)
    card_id = service.add_card(space_id, f"thought no. {random.randint(1, 9999)}")
    return f"added card {card_id} to space {space_id}"


def move_card(service: ItemChanges, random: Random) -> str | None:
    space_id, card_id = _any_card(service, random)
    if card_id is None:
        return None
    service.move_card(space_id, card_id, random.randint(0, 900) + 0.25, random.randint(0, 900))
    return f"moved card {card_id} of space {space_id}"


def remove_card(service: ItemChanges, random: Random) -> str | None:
    space_id, card_id = _any_card(service, random)
    if card_id is None:
        return None
    service.remove_card(space_id, card_id, leave_orphans=random.random() < 0.3)
    return f"removed card {card_id} of space {space_id}"


def restore_card(service: ItemChanges, random: Random) -> str | None:
    space_id, card_id = _any_card(service, random, removed=True)
    if card_id is None:
        return None
    service.restore_card(space_id, card_id)
    return f"restored card {card_id} of space {space_id}"


def empty_card(service: ItemChanges, random: Random) -> str | None:
    space_id, card_id = _any_card(service, random)
    if card_id is None:
        return None
    service.edit_card(space_id, card_id, "")
    return f"emptied card {card_id} of space {space_id}, which deletes it"


def delete_card(service: ItemChanges, random: Random) -> str | None:
    space_id, card_id = _any_card(service, random, removed=True)
    if card_id is None:
        return None
    service.delete_card(space_id, card_id)
    return f"deleted removed card {card_id} of space {space_id} for good"


def add_space(service: ItemChanges, random: Random) -> str:
    role = random.choice(("ordinary", "ordinary", "shared", "journal", "template", "empty"))
    return f"added {role} space {service.add_space(role=role)}"


def rename_space(service: ItemChanges, random: Random) -> str:
    space_id = _any_space(service, random)
    service.rename_space(space_id, f"Renamed {random.randint(1, 9999)} 🪁")
    return f"renamed space {space_id}"


def visit_space(service: ItemChanges, random: Random) -> str:
    space_id = _any_space(service, random)
    service.visit_space(space_id)
    return f"visited space {space_id}"


def remove_space(service: ItemChanges, random: Random) -> str | None:
    owned = service.space_ids("owned")
    if len(owned) < 4:
        return None
    service.remove_space(space_id := random.choice(owned))
    return f"removed space {space_id}"


def restore_space(service: ItemChanges, random: Random) -> str | None:
    if not (removed := service.space_ids("removed")):
        return None
    service.restore_space(space_id := random.choice(removed))
    return f"restored space {space_id}"


def delete_space(service: ItemChanges, random: Random) -> str | None:
    candidates = service.space_ids("removed") or service.space_ids("owned")[3:]
    if not candidates:
        return None
    service.delete_space(space_id := random.choice(candidates))
    return f"deleted space {space_id} for good"


def add_child(service: ItemChanges, random: Random) -> str | None:
    space_id, card_id = _any_card(service, random)
    if card_id is None:
        return None
    match kind := random.choice(("box", "connection", "tag", "list", "line", "stroke")):
        case "box":
            service.add_box(space_id, random.randint(0, 9))
        case "connection":
            service.add_connection(space_id, card_id, service.card_ids(space_id)[0])
        case "tag":
            service.add_tag(space_id, card_id, random.choice(TAGS))
        case "list":
            service.add_list(space_id)
        case "line":
            service.add_line(space_id)
        case "stroke":
            service.draw(space_id)
    return f"added a {kind} to space {space_id}"


def change_child(service: ItemChanges, random: Random) -> str | None:
    space_id = _any_space(service, random)
    kinds = [kind for kind in CHILD_KINDS if service.child_ids(space_id, kind)]
    if not kinds:
        return None
    kind = random.choice(kinds)
    child_id = random.choice(service.child_ids(space_id, kind))
    if random.random() < 0.5:
        if kind == "connection_types":
            service.delete_connection_type(space_id, child_id)
        else:
            service.delete_child(space_id, kind, child_id)
        return f"deleted {child_id} of {kind} in space {space_id}"
    color = f"#{random.randint(0, 0xFFFFFF):06x}"
    if kind == "boxes":
        service.edit_box(space_id, child_id, color=color)
    elif kind == "connections":
        service.edit_child(space_id, kind, child_id, labelIsVisible=random.random() < 0.5)
    else:
        service.edit_child(space_id, kind, child_id, color=color)
    return f"changed {child_id} of {kind} in space {space_id}"


def recolor_tags(service: ItemChanges, random: Random) -> str:
    name, color = random.choice(TAGS), f"#{random.randint(0, 0xFFFFFF):06x}"
    return f"recoloured {service.recolor_tags(name, color)} tags {name!r}"


def change_collaborators(service: ItemChanges, random: Random) -> str:
    space_id, user_id = _any_space(service, random), random.choice(service.user_ids()[:6])
    if user_id in service.collaborator_ids(space_id):
        service.remove_collaborator(space_id, user_id)
        return f"took {user_id} off space {space_id}"
    service.add_collaborator(space_id, user_id)
    return f"added {user_id} to space {space_id}"


def change_favorites(service: ItemChanges, random: Random) -> str:
    space_id, user_id = _any_space(service, random), random.choice(service.user_ids()[:6])
    match random.randint(0, 2):
        case 0:
            if space_id in service.world.favorite_spaces:
                service.unfavorite_space(space_id)
            else:
                service.favorite_space(space_id)
            return f"turned the favourite mark of space {space_id}"
        case 1:
            if user_id in service.world.favorite_users:
                service.unfavorite_user(user_id)
            else:
                service.favorite_user(user_id)
            return f"turned the favourite mark of user {user_id}"
    service.favorite_color(color := f"#{random.randint(0, 0xFFFFFF):06x}")
    return f"made {color} a favourite colour"


def notify(service: ItemChanges, random: Random) -> str | None:
    notifications = service.world.notifications
    if len(notifications) >= 50 or random.random() < 0.4:
        service.read_notification(read := random.choice(notifications)["id"])
        return f"read notification {read}"
    return f"got notification {service.add_notification(space_id=_any_space(service, random))}"


CHILD_KINDS = ("boxes", "connections", "connection_types", "lines", "lists", "tags")
EVENTS: tuple[Event, ...] = (
    add_card, add_child, add_child, add_space, change_child, change_child, change_collaborators,
    change_favorites, delete_card, delete_space, edit_card, empty_card, move_card, notify,
    recolor_tags, remove_card, remove_space, rename_space, restore_card, restore_space,
    visit_space,
)  # fmt: skip


def _any_space(service: ItemChanges, random: Random) -> str:
    return random.choice(service.space_ids("owned") + service.space_ids("shared"))


def _any_card(
    service: ItemChanges, random: Random, *, removed: bool = False
) -> tuple[str, str | None]:
    """A space and one of its cards; the first space tried that has one."""
    space_ids = service.space_ids("owned") + service.space_ids("shared")
    random.shuffle(space_ids)
    for space_id in space_ids:
        if card_ids := service.card_ids(space_id, removed):
            return space_id, random.choice(card_ids)
    return space_ids[0], None
