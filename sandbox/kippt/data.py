"""Made data: an account with lists, clips and neighbours in which every known trap occurs.

Everything follows from `seed` and `size` (the number of the account's own clips).
"""

from __future__ import annotations

import random
from typing import Any

from sandbox.kippt.records import ClipList, User, World

TITLES = (
    "A page about nothing",
    "Ünïcödé & <b>HTML</b> in a title",
    "מדריך קצר",
    'Seven "quoted" things, with, commas\tand a tab',
    "",
    "🧵 A thread, with a family 👨‍👩‍👧‍👦",
    "A page about nothing",
    "0123456789",
    "Backslash \\ and newline\nin one",
    "Very long " + "title " * 60,
)
NOTES = (
    "",
    "Read this #soon #cooking",
    "**Markdown**\r\n\n- one\n- two",
    None,
    "e\u0301 is not é, and \u202eright to left\u202c ends here",
    "long note " * 300,
)
COMMENTS = (
    "@mira you saw this?",
    "❤️",
    "I do not agree.\n\nNot at all.",
    '{"json": true}',
)
NAMES = ("Mira Example", "", None, "李小龍", "Ana-María d'Ávila", 'Bo "B" Ek')
BIOS = ("I collect links.", "", None, "lines\nand\nmore ✨")
KINDS = (
    "follow",
    "clip",
    "clip_mention",
    "clip_comment",
    "clip_comment_mention",
    "clip_like",
    "clip_save",
)


def build(seed: int, size: int) -> World:
    """The account of this seed and size; two built alike are alike."""
    world = World(seed)
    rng = random.Random(f"kippt {seed}")
    _users(world, rng, size)
    own, shared, foreign = _lists(world, size)
    world.clock.jump(2 * 86_400)
    _foreign_clips(world, size, own, shared, foreign)
    _own_clips(world, rng, size, own, shared)
    _talk(world, rng)
    _favorites(world, rng, size)
    _notifications(world)
    return world


def _users(world: World, rng: random.Random, size: int) -> None:
    """The account's own user first; null, empty and odd profile fields among the others."""
    for n in range(30 + size // 20):
        username = "mira" if n == 0 else f"{('-dash', '_line', 'user', 'Юрий', 'zoë')[n % 5]}{n}"
        link = (f"https://{n}.example/", "", None, "Just A. Name")[n % 4]
        user = User(
            id=world.new_id(),
            username=username,
            full_name=NAMES[n % len(NAMES)],
            bio=BIOS[n % len(BIOS)],
            website_url=link,
            twitter=(username, None, "")[n % 3],
            github=("", username, None)[n % 3],
            dribbble=(None, "", username)[n % 3],
            is_pro=n % 4 == 0,
            avatar_url=f"https://pictures.example/avatars/{n:04d}/160x160",
            follows=rng.randrange(500),
            followed_by=rng.randrange(5000),
        )
        world.users[user.id] = user
    others = list(world.users.values())[1:]
    world.following = others[: 9 + size // 60]
    world.followers = others[4 : 26 + size // 30]


def _lists(world: World, size: int) -> tuple[list[ClipList], list[ClipList], list[ClipList]]:
    """Own lists, lists of others that are shared with the account, and lists of others."""
    me, *others = world.users.values()
    own = [world.make_list("Inbox", me, True, "")]
    own += [
        world.make_list(title, me, private, description)
        for title, private, description in (
            ("Inspiration!", True, None),
            ("Recipes 🍜", False, "What we *cook*"),
            ("Inspiration!", False, ""),
            ("قراءة لاحقة", True, "line\nbreak \"quotes\" 'too'"),
            *((f"Topic {n}", n % 2 == 0, "") for n in range(size // 40)),
        )
    ]
    own[1].collaborators = others[:2]
    world.make_list("Nothing yet", me, True, "")
    shared = [
        world.make_list("Our secret plans", others[0], True, "by invitation"),
        world.make_list("Open links", others[5], False, None),
    ]
    shared[0].collaborators = [others[1], me]
    shared[1].collaborators = [me]
    foreign = [world.make_list(f"Finds of {user.username}", user, False, "") for user in others[:8]]
    foreign.append(world.make_list("Diary", others[3], True, ""))
    world.followed_lists = foreign[2:5]
    return own, shared, foreign


def _foreign_clips(
    world: World,
    size: int,
    own: list[ClipList],
    shared: list[ClipList],
    foreign: list[ClipList],
) -> None:
    """Clips that others made: in shared lists, in one of ours, and elsewhere."""
    for n in range(14 + size // 4):
        places = (shared[0], shared[1], own[1], *foreign)
        place = places[n % len(places)]
        user = place.user if place not in own else place.collaborators[0]
        if place is shared[0] and n % 2:
            user = place.collaborators[0]
        clip = world.make_clip(place, user, TITLES[n % len(TITLES)])
        clip.notes = NOTES[n % len(NOTES)]
        clip.media = media(n)


def _own_clips(
    world: World, rng: random.Random, size: int, own: list[ClipList], shared: list[ClipList]
) -> None:
    """`size` clips of the account; some were imported in one second."""
    originals = [clip.id for clip in world.clips.values()]
    for n in range(size):
        world.clock.held = 3 < n < 9
        place = shared[n // 10 % 2] if n % 10 == 4 else rng.choice([own[0], *own])
        clip = world.make_clip(place, world.me, TITLES[n % len(TITLES)])
        clip.notes = NOTES[n % len(NOTES)]
        clip.type = (None, "link", "note", "link", None, "image", "link", "file")[n % 8]
        clip.old = n < size // 10
        if clip.type == "note":
            clip.url = f"https://kippt.example/{world.me.username}/notes/{clip.id}"
        else:
            clip.media = media(n) if n % 3 else None
        if n % 6 == 1:  # every other original is long gone
            clip.via_id = originals[n % len(originals)] if n % 12 == 1 else 99_000_000 + n
        if n % 7 == 6:
            clip.updated = world.tick()
    world.clock.held = False


def media(n: int) -> dict[str, Any]:
    """What the service found at a link; no key is certain."""
    found: dict[str, Any] = {
        "title": TITLES[n % len(TITLES)],
        "description": None if n % 2 else "Seen from afar.",
        "type": ("link", "image", "article")[n % 3],
        "provider": {"url": "https://kippt.example", "name": "Kippt"},
    }
    picture = f"https://pictures.example/links/{n:08x}"
    if n % 4:
        found["images"] = {
            "tile": {"url": f"{picture}/350x200", "width": 350, "height": 200},
            "original": {"url": f"{picture}/original", "width": 600, "height": 257},
        }
    if found["type"] == "article":
        html = "PHA+VGhlIGVuZC48L3A+" * (n % 5)
        found["article"] = {"html": html, "author": None, "author_url": None}
    return found


def _talk(world: World, rng: random.Random) -> None:
    """Comments, likes and saves, here and there more than a clip shows."""
    users = list(world.users.values())[:-3]  # the last few are strangers
    for n, clip in enumerate(world.clips.values()):
        for _ in range((0, 2, 0, 1, 0, 0, 5)[n % 7]):
            world.make_comment(clip, rng.choice(users), rng.choice(COMMENTS))
        others = [user for user in users if user is not clip.user]
        clip.likes = rng.sample(others, (0, 1, 0, 0, 6, 2)[n % 6])
        clip.saves = rng.sample(others, (0, 0, 1, 0, 4)[n % 5])


def _favorites(world: World, rng: random.Random, size: int) -> None:
    """Favourites of the account, one third of other people's clips."""
    me = world.me
    own = world.my_clips()
    foreign = [clip for clip in world.clips.values() if clip.user is not me and clip.open_to(me)]
    me.favorites = rng.sample(own, min(len(own), 3 + size // 12))
    me.favorites += rng.sample(foreign, 2 + size // 24)
    for clip in foreign[3::4]:
        if me not in clip.likes:
            clip.likes.append(me)


def _notifications(world: World) -> None:
    """One of each documented kind; some not yet seen."""
    own = world.my_clips()
    clip = next((clip for clip in own if clip.comments), own[0] if own else None)
    for n, kind in enumerate(KINDS):
        user = world.followers[n % len(world.followers)]
        note = world.make_notification(kind, user, clip if kind != "follow" else None)
        note.is_seen = n % 3 != 0
