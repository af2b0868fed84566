"""Making spaces: what kinds there are, and what is out of the ordinary in each."""

from __future__ import annotations

from itertools import pairwise

from sandbox.kinopio import items
from sandbox.kinopio.data import Row, Space, World
from sandbox.kinopio.people import FRIENDS
from sandbox.kinopio.words import AWKWARD, COLORS, TAGS, slug

MOONS = ("new-moon", "waxing-crescent", "full-moon", "waning-gibbous")


def make_space(world: World, role: str, number: int, name: str | None = None) -> Space:
    """One more space with its children, by the role that it plays."""
    writer, me = world.writer, world.me["id"]
    friends = list(world.people)[: len(FRIENDS)]
    is_ours = role not in ("shared", "read_only", "foreign")
    owner = me if is_ours else friends[number % 3]
    space_id = writer.new_id()
    title = name or {"inbox": "Inbox", "old_inbox": "Inbox", "imported": "Bike repair 7"}.get(
        role, AWKWARD[number % len(AWKWARD)] or writer.title()
    )
    if role == "ordinary" and number % 5 == 2:
        title = "Bike repair 7"  # names are not unique
    created = writer.random.uniform(30, 800)
    edited = writer.random.uniform(2, created)
    fields = _fields(world, space_id, title, owner, number)
    fields.update(createdAt=world.ago(created), editedAt=world.ago(edited))
    fields["updatedAt"] = world.ago(writer.random.uniform(1, edited))
    space = Space(fields, owner, number=number, is_editable=role not in ("read_only", "foreign"))
    if role == "shared":
        space.collaborator_ids = [me, friends[3]]
    elif role == "foreign":
        space.is_member = False
        fields["privacy"] = "open"
    elif role == "read_only":
        space.collaborator_ids = [me]
        fields["privacy"] = "closed"
    elif number % 4 == 1:
        space.collaborator_ids = friends[number % 3 : number % 3 + 2]
    _by_role(world, space, role)
    amount = {"crowded": 260, "empty": 0, "template": 2, "inbox": 9, "old_inbox": 2}.get(role)
    if amount is None:
        amount = max(1, min(60, int(writer.random.lognormvariate(2.2, 0.8))))
    fill(world, space, amount, created)
    if role == "template":
        _make_template(space)
    if role == "imported":
        for card in list(space.cards.values())[::2]:
            space.cards[card["id"]] = {key: card[key] for key in items.SPARSE_CARD}
    world.spaces[space_id] = space
    return space


def _fields(world: World, space_id: str, name: str, owner: str, number: int) -> Row:
    writer = world.writer
    image = f"https://cdn.kinopio.club/{space_id}/preview-image"
    return {
        "id": space_id,
        "name": name,
        "privacy": ("private", "private", "closed", "open")[number % 4],
        "url": slug(name, space_id),
        "userId": owner,
        "createdAt": "",
        "updatedAt": "",
        "editedAt": "",
        "editedByUserId": owner if number % 6 else None,
        "updateHash": writer.new_id(),
        "isRemoved": False,
        "removedByUserId": None,
        "isHidden": False,
        "isTemplate": False,
        "isFromTweet": False,
        "isRestrictedByModerator": False,
        "showInExplore": False,
        "showInExploreUpdatedAt": None,
        "proposedShowInExplore": False,
        "moonPhase": "",
        "originSpaceId": "",
        "visits": writer.random.randint(0, 400),
        "background": "https://bk.kinopio.club/grid-2x.png" if number % 3 else "",
        "backgroundTint": (None, "", "#223c2f")[number % 3],
        "backgroundIsGradient": (False, None, True)[number % 3],
        "backgroundGradient": [{"x": 0.1, "y": 0.9, "color1": "#fff"}] if number % 3 == 2 else None,
        "defaultCardMaxWidth": (200, 230)[number % 2],
        "previewImage": f"{image}.jpg" if number % 5 else None,
        "previewThumbnailImage": f"{image}-thumbnail.jpg" if number % 5 else None,
        "collaboratorKey": world.secret("edit-key"),
        "readOnlyKey": world.secret("read-key"),
        "removedCards": [],
        "spectators": [],
        "clients": [{"name": "passer-by", "color": "#aabbcc"}] if number % 7 == 3 else [],
        "cacheDate": 1740819600000 + number,
        # newer
        "note": f"to self: {writer.thought()}" if number % 4 == 0 else "",
        "group": _group(world) if number % 8 == 6 else None,
        "groupId": None,
        "addedToGroupByUserId": None,
        "drawingImage": f"https://cdn.kinopio.club/{space_id}/drawing.png"
        if number % 9 == 0
        else "",
        "previewImagePrivate": None,
        "previewThumbnailImagePrivate": None,
    }


def _group(world: World) -> Row:
    return {
        "id": world.writer.new_id(),
        "name": "The sewing circle",
        "color": world.writer.color(),
        "collaboratorKey": world.secret("group-key"),
    }


def _by_role(world: World, space: Space, role: str) -> None:
    fields, number = space.fields, space.number
    if fields["group"]:
        fields.update(groupId=fields["group"]["id"], addedToGroupByUserId=space.owner_id)
    match role:
        case "removed":
            fields.update(isRemoved=True, removedByUserId=world.me["id"])
        case "journal":
            fields.update(moonPhase=MOONS[number % len(MOONS)])
        case "hidden":
            fields.update(isHidden=True)
        case "explored":
            fields.update(
                privacy="closed", showInExplore=True, showInExploreUpdatedAt=world.ago(20)
            )
        case "imported":
            # Keeps the slug and id of the space it was copied from; made later than changed.
            origin = world.writer.new_id()
            fields.update(url=slug("Old name", origin), originSpaceId=origin)
            fields["createdAt"] = world.ago(0.5)
            space.has_full_owner = True


def fill(world: World, space: Space, amount: int, age_days: float) -> None:
    """Put `amount` cards into a space, and what usually lies around so many cards."""
    writer, space_id = world.writer, space.id
    authors: list[str | None] = [space.owner_id, *space.collaborator_ids, None]
    if space.number % 6 == 5:
        authors.append(f"gone-account-{space.number:08d}")  # no route knows this user any more
    for number in range(amount):
        at = world.ago(max(1.0, age_days * (1 - number / (amount + 1))))
        author = authors[number % len(authors)]
        card = items.make_card(
            writer, space_id, number, author, at, writer.card_text(number + space.number)
        )
        if number % 10 == 9:
            card["isRemoved"] = True
        if number % 6 == 2:
            for tag_name in dict.fromkeys(
                (TAGS[number // 6 % len(TAGS)], TAGS[space.number % len(TAGS)])
            ):
                color = COLORS[TAGS.index(tag_name) % len(COLORS)]
                card["name"] += f" [[{tag_name}]]"
                tag = items.make_tag(writer, space_id, card["id"], tag_name, color, author, at)
                if not card["isRemoved"]:
                    space.tags[tag["id"]] = tag
        space.cards[card["id"]] = card
    live = space.live_cards()
    if amount < 3:
        return
    at, user_id = world.ago(age_days * 0.5), space.owner_id
    for number in range(1 + amount // 30):
        made = items.make_connection_type(writer, space_id, user_id, at, number + 1)
        space.connection_types[made["id"]] = made
        box = items.make_box(writer, space_id, user_id, at, space.number + number)
        space.boxes[box["id"]] = box
    type_ids = list(space.connection_types)
    ends: list[tuple[str, str]] = [(left["id"], right["id"]) for left, right in pairwise(live)][
        : max(1, int(len(live) * 0.6))
    ]
    ends.append((live[0]["id"], next(iter(space.boxes))))  # from a card to a box
    if space.number % 10 == 0:
        ends.append((live[-1]["id"], writer.new_id()))  # to a card that is not there
    for number, (start, end) in enumerate(ends):
        type_id = type_ids[number % len(type_ids)]
        made = items.make_connection(
            writer, space_id, start, end, type_id, user_id, at, number + space.number
        )
        space.connections[made["id"]] = made
    if space.number % 3 == 0:
        made = items.make_list(writer, space_id, user_id, at, writer.title())
        space.lists[made["id"]] = made
        live[0].update(listId=made["id"], listPositionIndex="a3")
        made = items.make_line(writer, space_id, user_id, at, writer.title())
        space.lines[made["id"]] = made
        space.strokes = [items.make_stroke(writer, user_id), items.make_stroke(writer, user_id)]
    if space.number % 10 == 0:
        made = items.make_tag(writer, space_id, writer.new_id(), "lost", "#fff", user_id, at)
        space.tags[made["id"]] = made  # its card is not there


def _make_template(space: Space) -> None:
    """Turn a space into one made from the app's template: ids such as 1, few fields."""
    cards = list(space.cards.values())
    space.cards = {}
    for number, card in enumerate(cards, start=1):
        few = {key: card[key] for key in ("x", "y", "z", "name", "width", "height")}
        few.update(id=str(number), spaceId="v87wNG7p8A_UrfmTemplate", userId=None)
        space.cards[few["id"]] = few
    if len(space.cards) >= 2:
        space.connection_types = {"1": {"id": "1", "name": "Connection Type 1", "color": "#9aff8e"}}
        space.connections = {
            "1": {
                "id": "1",
                "startItemId": "1",
                "endItemId": "2",
                "path": "m257,116 q90,40 90,99",
                "connectionTypeId": "1",
            }
        }
    space.tags = {"1": {"id": "1", "name": "To Do", "color": "#90ffff", "cardId": "1"}}
    space.boxes = {
        "1": {
            "id": "1", "name": "", "x": 1, "y": 2, "resizeWidth": 100, "resizeHeight": 90,
            "color": "#fff", "fill": "empty",
        }
    }  # fmt: skip
    space.lists, space.lines, space.strokes = {}, {}, []
    space.fields.update(isTemplate=True, privacy="private", userId=None)
    space.owner_id = None
    space.collaborator_ids = []
