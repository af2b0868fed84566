"""The made account: its spaces by role, its people, favourites and notifications."""

from __future__ import annotations

from sandbox.kinopio.items import Maker
from sandbox.kinopio.people import FRIENDS, make_friend, make_me
from sandbox.kinopio.records import Row, Space, World
from sandbox.kinopio.spaces import make_space

ROLES = (
    "crowded", "empty", "inbox", "template", "template", "shared", "read_only", "removed",
    "journal", "hidden", "imported", "explored", "ordinary", "old_inbox", "linking", "removed",
)  # fmt: skip
"""What the first spaces are; the later ones are drawn by lot."""
LOTS = (
    ("shared", 0.1), ("removed", 0.15), ("journal", 0.2), ("hidden", 0.22), ("template", 0.24),
    ("imported", 0.27), ("read_only", 0.28), ("ordinary", 1.0),
)  # fmt: skip
KINDS = ("addCard", "addCard", "addFavorite", "askToAddToExplore", "addToGroup", "addCard")


def build(seed: int, size: int) -> World:
    """The account with `size` spaces (removed ones included), wholly given by the seed."""
    world = World(seed)
    writer = world.writer
    world.me = make_me(writer, world.ago(900), world.ago(1))
    for name, description in FRIENDS:
        _add_person(world, name, description)
    for name in ("The sewing circle", "Übungsgruppe 🧶"):
        group: Row = {"id": writer.new_id(), "name": name, "color": writer.color()}
        role = ("member", "admin")[len(world.groups)]
        world.groups[group["id"]] = group | {
            "collaboratorKey": world.secret("group-key"),
            "createdAt": world.ago(300),
            "updatedAt": world.ago(30),
            "groupUser": {"userId": world.me["id"], "role": role},
        }
    strangers = _strangers(world)
    for number in range(size):
        lot = writer.random.random()
        drawn = next(name for name, upper in LOTS if lot < upper)
        make_space(world, ROLES[number] if number < len(ROLES) else drawn, number)
    if size > 14:
        _link(world)
    _surroundings(world, strangers)
    return world


def _add_person(world: World, name: str, description: str | None) -> str:
    person = make_friend(world.writer, name, description)
    world.people[person["id"]] = person
    return str(person["id"])


def _strangers(world: World) -> list[Space]:
    """Two public spaces of people who share nothing with us, and a third of a friend."""
    names = ("gale-unknown", "hue-unknown")
    owners = [_add_person(world, name, "someone else") for name in names]
    spaces = []
    for number, owner in enumerate([*owners, next(iter(world.people))]):
        space = make_space(world, "foreign", 3 + 4 * number, name=f"Public place {number}")
        space.owner_id = space.fields["userId"] = owner
        spaces.append(space)
    return spaces


def _link(world: World) -> None:
    """Cards that link to other spaces: one's own, one that nobody knows, a stranger's;
    with the secrets that such links carry."""
    spaces = [space for space in world.spaces.values() if space.is_member]
    linking, app = spaces[14], "https://kinopio.club"
    ours, unknown, strange = spaces[0].id, world.writer.new_id(), next(iter(world.spaces))
    key, read_key = world.secret("invite-key"), world.secret("read-invite-key")
    embed_key = world.secret("embed-key")
    invitation = f"join us {app}/invite?spaceId={strange}&collaboratorKey={key} !"
    player = f"https://embed.example.org/api?url=12&key={embed_key}&v=1"
    linked = {"linkToSpaceId": unknown, "linkToCardId": world.writer.new_id()}
    invited = {"linkToSpaceId": strange, "linkToSpaceCollaboratorKey": key}
    embedded = {"urlPreviewEmbedHtml": f'<iframe src="{player}" allow="*"></iframe>'}
    cards: tuple[tuple[str, Row], ...] = (
        (f"{app}/linked-{ours}", {"linkToSpaceId": ours}),
        (f"{app}/linked-{unknown}", linked),
        (invitation, invited),
        (f"[look]({app}/x-{ours}?readOnlyKey={read_key})", {}),
        ("https://video.example.org/watch/12", embedded),
    )
    maker = Maker(world.writer, linking.id, world.me["id"], world.ago(5))
    for number, (name, more) in enumerate(cards):
        card = maker.card(400 + number, name) | more
        linking.cards[card["id"]] = card


def _surroundings(world: World, strangers: list[Space]) -> None:
    """Favourites, images and notifications."""
    friends = list(world.people)[: len(FRIENDS)]
    ours = [space for space in world.members() if space.owner_id == world.me["id"]]
    world.favorite_spaces = {space.id: number == 1 for number, space in enumerate(strangers)}
    world.favorite_spaces |= {space.id: False for space in ours[:2]}
    world.favorite_users = [friends[0], friends[4]]
    world.favorite_colors = ["#90ffff", "rgb(12, 155, 31)", "papayawhip"]
    for _ in range(12):
        add_ai_image(world, f'a "{world.writer.title()}" in watercolour 🎨')
    for number in range(18):
        actor = None if number % 9 == 8 else friends[number % len(friends)]
        about = ours[number % len(ours)] if ours else None
        add_notification(world, KINDS[number % len(KINDS)], actor, about, world.ago(20 - number))


def add_ai_image(world: World, prompt: str) -> str:
    """An image made by a prompt, as newest; its address."""
    url = f"https://cdn.kinopio.club/ai-images/{world.writer.new_id()}.png"
    world.ai_images.insert(0, {"url": url, "prompt": prompt})
    return url


def add_notification(
    world: World, kind: str, actor: str | None, space: Space | None, at: str
) -> str:
    """A notification as newest; one that is not about a card names no card, and so on."""
    notification: Row = {
        "id": world.writer.new_id(),
        "type": kind,
        "recipientUserId": world.me["id"],
        "userId": actor,
        "spaceId": space and space.id,
        "isRead": False,
        "isEmailed": kind == "addCard",
        "createdAt": at,
        "updatedAt": at,
    }
    cards = space.live_cards() if space else []
    if kind == "addCard" and cards:
        notification["cardId"] = cards[-1]["id"]
    world.notifications.append(notification)
    return str(notification["id"])
