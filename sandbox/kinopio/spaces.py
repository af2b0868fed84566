"""Making spaces: what kinds there are, and what is out of the ordinary in each."""

from __future__ import annotations

from itertools import pairwise

from sandbox.kinopio.items import SPARSE_CARD, Maker
from sandbox.kinopio.people import FRIENDS
from sandbox.kinopio.records import Row, Space, World
from sandbox.kinopio.words import AWKWARD, COLORS, TAGS, slug

MOONS = ("new-moon", "waxing-crescent", "full-moon", "waning-gibbous")
NAMES = {"inbox": "Inbox", "old_inbox": "Inbox", "imported": "Bike repair 7"}
CARDS = {"crowded": 260, "empty": 0, "template": 2, "inbox": 9, "old_inbox": 2}
"""Cards by role; drawn by lot for the other roles."""


def make_space(world: World, role: str, number: int, name: str | None = None) -> Space:
    """One more space with its children, by the role that it plays."""
    writer, me = world.writer, world.me["id"]
    friends = list(world.people)[: len(FRIENDS)]
    owner = friends[number % 3] if role in ("shared", "read_only", "foreign") else me
    title = name or NAMES.get(role, AWKWARD[number % len(AWKWARD)] or writer.title())
    if role == "ordinary" and number % 5 == 2:
        title = "Bike repair 7"  # names are not unique
    created = writer.random.uniform(30, 800)
    edited = writer.random.uniform(2, created)
    fields = _fields(world, writer.new_id(), title, owner, number)
    fields |= {"createdAt": world.ago(created), "editedAt": world.ago(edited)}
    fields["updatedAt"] = world.ago(writer.random.uniform(1, edited))
    space = Space(fields, owner, number=number, is_editable=role not in ("read_only", "foreign"))
    if number % 4 == 1:
        space.collaborator_ids = friends[number % 3 : number % 3 + 2]
    _by_role(world, space, role, friends)
    amount = CARDS.get(role)
    if amount is None:
        amount = max(1, min(60, int(writer.random.lognormvariate(2.2, 0.8))))
    fill(world, space, amount, created)
    if role == "template":
        _make_template(space)
    if role == "imported":
        for card in list(space.cards.values())[::2]:
            space.cards[card["id"]] = {key: card[key] for key in SPARSE_CARD}
    world.spaces[space.id] = space
    return space


def _fields(world: World, space_id: str, name: str, owner: str, number: int) -> Row:
    writer = world.writer
    image = f"https://cdn.kinopio.club/{space_id}/preview-image"
    group = list(world.groups.values())[number % 2] if number % 8 in (5, 6) else None
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
        "group": group,
        "groupId": group and group["id"],
        "addedToGroupByUserId": owner if group else None,
        "drawingImage": "" if number % 9 else f"https://cdn.kinopio.club/{space_id}/drawing.png",
        "previewImagePrivate": None,
        "previewThumbnailImagePrivate": None,
    }


def _by_role(world: World, space: Space, role: str, friends: list[str]) -> None:
    fields, number, me = space.fields, space.number, world.me["id"]
    match role:
        case "shared":
            space.collaborator_ids = [me, friends[3]]
        case "read_only":
            space.collaborator_ids = [me]
            fields.update(privacy="closed")
        case "foreign":
            space.collaborator_ids = []
            space.is_member = False
            fields.update(privacy="open")
        case "removed":
            fields.update(isRemoved=True, removedByUserId=me)
        case "journal":
            fields.update(moonPhase=MOONS[number % len(MOONS)])
        case "hidden":
            fields.update(isHidden=True)
        case "explored":
            shown_at = world.ago(20)
            fields.update(privacy="closed", showInExplore=True, showInExploreUpdatedAt=shown_at)
        case "imported":
            # Keeps the slug and id of the space it was copied from; made later than changed.
            origin = world.writer.new_id()
            fields.update(url=slug("Old name", origin), originSpaceId=origin)
            fields["createdAt"] = world.ago(0.5)
            space.has_full_owner = True


def fill(world: World, space: Space, amount: int, age_days: float) -> None:
    """Put `amount` cards into a space, and what usually lies around so many cards."""
    writer = world.writer
    authors: list[str | None] = [space.owner_id, *space.collaborator_ids, None]
    if space.number % 6 == 5:
        authors.append(f"gone-account-{space.number:08d}")  # no route knows this user any more
    for number in range(amount):
        at = world.ago(max(1.0, age_days * (1 - number / (amount + 1))))
        maker = Maker(writer, space.id, authors[number % len(authors)], at)
        card = maker.card(number, writer.card_text(number + space.number))
        card["isRemoved"] = number % 10 == 9
        if number % 6 == 2:
            for index in dict.fromkeys((number // 6 % len(TAGS), space.number % len(TAGS))):
                card["name"] += f" [[{TAGS[index]}]]"
                tag = maker.tag(card["id"], TAGS[index], COLORS[index])
                if not card["isRemoved"]:
                    space.tags[tag["id"]] = tag
        space.cards[card["id"]] = card
    if amount >= 3:
        _furnish(space, Maker(writer, space.id, space.owner_id, world.ago(age_days * 0.5)))


def _furnish(space: Space, maker: Maker) -> None:
    """Connections, boxes and what else lies between the cards."""
    live, number = space.live_cards(), space.number
    for more in range(1 + len(space.cards) // 30):
        made = maker.connection_type(more + 1)
        space.connection_types[made["id"]] = made
        box = maker.box(number + more)
        space.boxes[box["id"]] = box
    type_ids = list(space.connection_types)
    ends = [(left["id"], right["id"]) for left, right in pairwise(live)]
    ends = ends[: max(1, int(len(live) * 0.6))]
    ends.append((live[0]["id"], next(iter(space.boxes))))  # from a card to a box
    if number % 10 == 0:
        ends.append((live[-1]["id"], maker.writer.new_id()))  # to a card that is not there
        lost = maker.tag(maker.writer.new_id(), "lost", "#fff")  # nor is this tag's card
        space.tags[lost["id"]] = lost
    for more, (start, end) in enumerate(ends):
        made = maker.connection(start, end, type_ids[more % len(type_ids)], more + number)
        space.connections[made["id"]] = made
    if number % 3 == 0:
        made = maker.card_list(maker.writer.title())
        space.lists[made["id"]] = made
        live[0].update(listId=made["id"], listPositionIndex="a3")
        made = maker.line(maker.writer.title())
        space.lines[made["id"]] = made
        space.strokes = [maker.stroke(), maker.stroke()]


def _make_template(space: Space) -> None:
    """Turn a space into one made from the app's template: ids such as 1, few fields."""
    cards = list(space.cards.values())
    space.cards = {}
    for number, card in enumerate(cards, start=1):
        few = {key: card[key] for key in ("x", "y", "z", "name", "width", "height")}
        few.update(id=str(number), spaceId="v87wNG7p8A_UrfmTemplate", userId=None)
        space.cards[few["id"]] = few
    line = {"startItemId": "1", "endItemId": "2", "path": "m257,116 q90,40 90,99"}
    box = {"name": "", "x": 1, "y": 2, "resizeWidth": 100, "resizeHeight": 90, "color": "#fff"}
    kind = {"name": "Connection Type 1", "color": "#9aff8e"}
    if len(cards) > 1:
        space.connection_types = {"1": {"id": "1", **kind}}
        space.connections = {"1": {"id": "1", **line, "connectionTypeId": "1"}}
    space.tags = {"1": {"id": "1", "name": "To Do", "color": "#90ffff", "cardId": "1"}}
    space.boxes = {"1": {"id": "1", **box, "fill": "empty"}}
    space.lists, space.lines, space.strokes = {}, {}, []
    space.fields.update(isTemplate=True, privacy="private", userId=None)
    space.owner_id, space.collaborator_ids = None, []
