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

CARDS = ("edit", "move", "remove", "empty", "restore", "delete", "tag", "connect")
SPACES = ("rename", "visit", "remove", "restore", "delete", "add")
EVENTS = ("card", "card", "card", "space", "space", "add", "child", "child", "people", "note")


def play(service: Changes, rng: Random) -> list[str]:
    """Ten changes; one sentence for each that was possible."""
    done = [change_card(service, rng, "edit"), change_card(service, rng, "remove")]
    done.append(change_space(service, rng, "visit"))
    for event in rng.choices(EVENTS, k=7):
        match event:
            case "card":
                done.append(change_card(service, rng, rng.choice(CARDS)))
            case "space":
                done.append(change_space(service, rng, rng.choice(SPACES)))
            case "add":
                done.append(add_item(service, rng))
            case "child":
                done.append(change_child(service, rng))
            case "people":
                done.append(change_people(service, rng))
            case "note":
                done.append(notify(service, rng))
    return [sentence for sentence in done if sentence]


def any_space(service: Changes, rng: Random) -> str:
    return rng.choice(service.space_ids("owned") + service.space_ids("shared"))


def change_card(service: Changes, rng: Random, what: str) -> str:
    """Something that happens to a card, to a removed one where only these can have it; nothing
    where no space has such a card."""
    removed = what in ("restore", "delete")
    space_ids = service.space_ids("owned") + service.space_ids("shared")
    full = [space_id for space_id in space_ids if service.card_ids(space_id, removed)]
    if not full:
        return ""
    card_id = rng.choice(service.card_ids(space_id := rng.choice(full), removed))
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
        case "tag":
            service.add_tag(space_id, card_id, rng.choice(TAGS))
        case "connect":
            service.add_connection(space_id, card_id, service.card_ids(space_id)[0])
    return f"{what} card {card_id} of space {space_id}"


def change_space(service: Changes, rng: Random, what: str) -> str:
    """Something that happens to a space; a few own ones always remain."""
    owned, removed = service.space_ids("owned"), service.space_ids("removed")
    space_id = any_space(service, rng)
    match what:
        case "rename":
            service.rename_space(space_id, f"Renamed {rng.randint(1, 9999)} 🪁")
        case "visit":
            service.visit_space(space_id)
        case "remove" if len(owned) > 3:
            service.remove_space(space_id := rng.choice(owned))
        case "restore" if removed:
            service.restore_space(space_id := rng.choice(removed))
        case "delete" if removed or len(owned) > 3:
            service.delete_space(space_id := rng.choice(removed or owned[3:]))
        case "add":
            role = rng.choice(("ordinary", "ordinary", "shared", "journal", "template", "empty"))
            space_id = service.add_space(role=role)
        case _:
            return ""
    return f"{what} space {space_id}"


def add_item(service: Changes, rng: Random) -> str:
    space_id, kind = any_space(service, rng), rng.choice(("card", "box", "list", "line", "stroke"))
    match kind:
        case "card":
            service.add_card(space_id, f"thought no. {rng.randint(1, 9999)}")
        case "box":
            service.add_box(space_id, rng.randint(0, 9))
        case "list":
            service.add_list(space_id)
        case "line":
            service.add_line(space_id)
        case "stroke":
            service.draw(space_id)
    return f"add a {kind} to space {space_id}"


def change_child(service: Changes, rng: Random) -> str:
    space_id = any_space(service, rng)
    found = [(kind, child) for kind in KINDS for child in service.child_ids(space_id, kind)]
    if not found:
        return ""
    kind, child_id = rng.choice(found)
    color, what = f"#{rng.randint(0, 0xFFFFFF):06x}", rng.choice(("edit", "delete", "recolor"))
    if what == "recolor":
        name = rng.choice(TAGS)
        return f"recolor {service.recolor_tags(name, color)} tags {name!r}"
    match what, kind:
        case "delete", "connection_types":
            service.delete_connection_type(space_id, child_id)
        case "delete", _:
            service.delete_child(space_id, kind, child_id)
        case _, "boxes":
            service.edit_box(space_id, child_id, color=color)
        case _, "connections":
            service.edit_child(space_id, kind, child_id, labelIsVisible=rng.random() < 0.5)
        case _:
            service.edit_child(space_id, kind, child_id, color=color)
    return f"{what} {child_id} of {kind} in space {space_id}"


def change_people(service: Changes, rng: Random) -> str:
    """A collaborator comes or goes, or a favourite."""
    world = service.world
    space_id, user_id = any_space(service, rng), rng.choice(service.user_ids()[:6])
    match what := rng.choice(("collaborator", "space", "user", "color")):
        case "collaborator" if user_id in world.spaces[space_id].collaborator_ids:
            service.remove_collaborator(space_id, user_id)
        case "collaborator":
            service.add_collaborator(space_id, user_id)
        case "space" if space_id in world.favorite_spaces:
            service.unfavorite_space(space_id)
        case "space":
            service.favorite_space(space_id)
        case "user":
            service.favorite_user(user_id, user_id not in world.favorite_users)
        case "color":
            service.favorite_color(f"#{rng.randint(0, 0xFFFFFF):06x}")
    about = f"{user_id} in space {space_id}" if what == "collaborator" else "among favourites"
    return f"turn a {what} on or off, {about}"


def notify(service: Changes, rng: Random) -> str:
    notifications = service.world.notifications
    if len(notifications) >= 50 or rng.random() < 0.4:
        service.read_notification(read := rng.choice(notifications)["id"])
        return f"read notification {read}"
    return f"get notification {service.add_notification(space_id=any_space(service, rng))}"
