"""Making the account: its spaces by role, its people, favourites and notifications."""

from __future__ import annotations

from sandbox.kinopio import items
from sandbox.kinopio.data import Row, Space, World
from sandbox.kinopio.making import make_space
from sandbox.kinopio.people import FRIENDS, make_friend, make_me

ROLES = (
    "crowded", "empty", "inbox", "template", "template", "shared", "read_only", "removed",
    "journal", "hidden", "imported", "explored", "ordinary", "old_inbox", "linking", "removed",
)  # fmt: skip
"""What the first spaces are; the later ones are drawn by lot."""


def make_world(seed: int, size: int) -> World:
    """The account with `size` spaces (removed ones included), wholly given by the seed."""
    world = World(seed)
    writer = world.writer
    world.me = make_me(writer, writer.uuid(), world.ago(900), world.ago(1))
    for name, description in FRIENDS:
        friend = make_friend(writer, name, description)
        world.people[friend["id"]] = friend
    strangers = _strangers(world)
    for number in range(size):
        if number < len(ROLES):
            role = ROLES[number]
        else:
            lot = writer.random.random()
            role = next(
                name
                for name, upper in (
                    ("shared", 0.1), ("removed", 0.15), ("journal", 0.2), ("hidden", 0.22),
                    ("template", 0.24), ("imported", 0.27), ("read_only", 0.28), ("ordinary", 1.0),
                )
                if lot < upper
            )  # fmt: skip
        make_space(world, role, number)
    if size > 14:
        _link(world)
    _surroundings(world, strangers)
    return world


def _strangers(world: World) -> list[Space]:
    """Two public spaces of people who share nothing with us, and a third of a friend."""
    for name in ("gale-unknown", "hue-unknown"):
        stranger = make_friend(world.writer, name, "someone else")
        world.people[stranger["id"]] = stranger
    strangers = list(world.people)[len(FRIENDS) :]
    spaces = []
    for number, owner in enumerate([*strangers, next(iter(world.people))]):
        space = make_space(world, "foreign", 3 + 4 * number, name=f"Public place {number}")
        space.owner_id = space.fields["userId"] = owner
        spaces.append(space)
    return spaces


def _link(world: World) -> None:
    """Cards that link to other spaces: one's own, a stranger's, one that nobody knows;
    with the secrets that such links carry."""
    spaces = [space for space in world.spaces.values() if space.is_member]
    linking = spaces[14]
    targets = [spaces[0].id, world.writer.new_id(), next(iter(world.spaces))]
    for number, target in enumerate(targets):
        card = _add_plain_card(world, linking, f"https://kinopio.club/linked-{target}")
        card.update(linkToSpaceId=target)
        if number == 1:
            card.update(linkToCardId=world.writer.new_id())
        if number == 2:
            key = world.secret("invite-key")
            card["name"] = (
                f"join us https://kinopio.club/invite?spaceId={target}&collaboratorKey={key} !"
            )
            card["linkToSpaceCollaboratorKey"] = key
    key = world.secret("read-invite-key")
    _add_plain_card(
        world, linking, f"[look](https://kinopio.club/x-{targets[0]}?readOnlyKey={key})"
    )
    embed = _add_plain_card(world, linking, "https://video.example.org/watch/12")
    key = world.secret("embed-key")
    embed["urlPreviewEmbedHtml"] = (
        f'<iframe src="https://embed.example.org/api?url=12&key={key}&v=1" allow="*"></iframe>'
    )


def _add_plain_card(world: World, space: Space, name: str) -> Row:
    number = 400 + len(space.cards)
    card = items.make_card(world.writer, space.id, number, world.me["id"], world.ago(5), name)
    space.cards[card["id"]] = card
    return card


def _surroundings(world: World, strangers: list[Space]) -> None:
    """Favourites, images and notifications."""
    friends = list(world.people)[: len(FRIENDS)]
    ours = [space for space in world.listed() if space.owner_id == world.me["id"]]
    world.favorite_spaces = {space.id: number == 1 for number, space in enumerate(strangers)}
    for space in ours[:2]:
        world.favorite_spaces[space.id] = False
    world.favorite_users = [friends[0], friends[4]]
    world.favorite_colors = ["#90ffff", "rgb(12, 155, 31)", "papayawhip"]
    world.ai_images = [
        {
            "url": f"https://cdn.kinopio.club/ai-images/{world.writer.new_id()}.png",
            "prompt": f'a "{world.writer.title()}" in watercolour 🎨',
        }
        for _ in range(12)
    ]
    kinds = ("addCard", "addCard", "addFavorite", "askToAddToExplore", "addToGroup", "addCard")
    for number in range(18):
        actor = None if number % 9 == 8 else friends[number % len(friends)]
        about = ours[number % len(ours)] if ours else None
        add_notification(world, kinds[number % len(kinds)], actor, about, world.ago(20 - number))


def add_notification(
    world: World, kind: str, actor: str | None, space: Space | None, at: str
) -> Row:
    """A notification as newest; one that is not about a card names no card, and so on."""
    notification: Row = {
        "id": world.writer.new_id(),
        "type": kind,
        "recipientUserId": world.me["id"],
        "userId": actor,
        "spaceId": None if space is None else space.id,
        "isRead": False,
        "isEmailed": kind == "addCard",
        "createdAt": at,
        "updatedAt": at,
    }
    cards = [] if space is None else space.live_cards()
    if kind == "addCard" and cards:
        notification["cardId"] = cards[-1]["id"]
    world.notifications.append(notification)
    return notification
