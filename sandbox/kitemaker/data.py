"""Made data: a lifelike organisation in which every documented trap occurs.

Everything follows from `seed` and `size` (the number of work items that a personal token
sees); names, texts and addresses are invented.
"""

from __future__ import annotations

import random

from sandbox.kitemaker.records import (
    Application,
    Company,
    Initiative,
    Integration,
    IntegrationUser,
    Label,
    Person,
    Roadmap,
    RoadmapColumn,
    Space,
    Status,
    User,
    WorkItem,
)
from sandbox.kitemaker.world import World

STATUSES = (
    ("Backlog", "BACKLOG"),
    ("To do", "TODO"),
    ("In progress", "IN_PROGRESS"),
    ("Done", "DONE"),
    ("Archive", "ARCHIVED"),
)
SPACES = (  # key, name, private, the token's user is inside, share of the work items
    ("KM", "Acme", False, True, 6),
    ("MOB", "Mobile 📱 — “beta”", False, True, 3),
    ("SEC", "Security", True, True, 1),
    ("EMPTY", "Someday", False, True, 0),
    ("HR", "Hiring", True, False, 0),
)
SIZES = (None, "Small", "Medium", "Large")
TITLES = (
    "Sign-in fails on the second try",
    "Dark mode for the board 🌒",
    'Rename "Done" to "Shipped"',
    "Comma, semicolon; tab\tand pipe | in one title",
    "تصدير إلى ملف CSV",
    "null",
    "12345678901234567890",
    "Crash when a title has a \\ backslash",
    "Search is slow with more than 1,000 cards",
    "Sign-in fails on the second try",
    "Ünïcödé in usernames: e\u0301 against é",
    "Translate the welcome page: 日本語 / עברית",
    "Print view",
)
BODIES = (
    "",
    "Happens only on Tuesdays.\n\n- step one\n- step two\n",
    "See [the log](https://files.example/uploads/log%201.txt) and ![](https://img.example/a.png)",
    "שלום! \u202eright to left\u202c and back, with a\u00a0hard space",
    "| a | b |\n|---|---|\n| 'x' | \"y\" |\r\n",
    "Family emoji 👨‍👩‍👧‍👦 and a lone accent \u0301",
    '{"looks": ["like", null, "JSON"]}',
    "A long story. " + "And so it went on and on, round and round. " * 120,
)
CONTENTS = (
    "Hello there\n",
    "I would *love* an export button ❤️",
    "",
    "From: someone\nTo: you\n\n> quoted\n> text",
)


def build(seed: int, size: int) -> World:
    """The organisation of this seed and size; two built alike are alike."""
    world = World(random.Random(f"kitemaker {seed}"))
    _people_with_tokens(world)
    _spaces(world)
    _customers(world, size)
    _roadmaps(world)
    _work_items(world, size)
    _initiatives(world, size)
    _feedback(world, size)
    for n, item in enumerate(list(world.work_items.values())[: max(2, size // 20)]):
        world.make_code_review(item, 100 + n, ("OPEN", "MERGED", "CLOSED")[n % 3])
    return world


def _people_with_tokens(world: World) -> None:
    """Users, the first of whom owns the personal token, and the other kinds of actors."""
    picture = "https://avatars.example/{}.png"
    people: list[tuple[str, str | None, bool, bool]] = [
        ("ole", "Ole Nordmann", False, False),
        ("amina", "أمينة الزهراء", False, False),
        ("zoë", 'Zoë "Z" O\'Neill', True, False),
        ("nameless", None, False, False),
        ("gone", "Ole Nordmann", False, True),
    ]
    for username, name, guest, gone in people:
        world.users.append(
            User(
                **world.born(),
                username=username,
                name=name,
                avatar=None if guest else picture.format(username),
                guest=guest,
                deactivated=gone,
            )
        )
    world.integrations.append(Integration(**world.born(), type="GITHUB", domain=None))
    world.integration_users.append(
        IntegrationUser(
            **world.born(),
            type="SLACK",
            domain="acme.example.com",
            external_id="U-0042",
            external_name="Per (guest) 🦑",
        )
    )
    world.applications.append(Application(**world.born(), name="Zapier integration"))


def _spaces(world: World) -> None:
    """Public and private spaces with columns and labels; two labels share one name."""
    for key, name, private, inside, _ in SPACES:
        space = Space(
            **world.born(),
            key=key,
            name=name,
            slug=key.lower(),
            private=private,
            insiders=world.users[0:2] if inside else world.users[1:3],
        )
        for label, kind in STATUSES:
            space.statuses.append(
                Status(**world.born(), name=label, type=kind, default=kind == "TODO")
            )
        for label, color in (
            ("bug", "e91e63"),
            ("important", "brown"),
            ("bug", ""),
            ("🐛 ", "0af"),
        ):
            space.labels.append(Label(**world.born(), name=label, color=color))
        world.spaces[space.id] = space
    for label in ("Growth", "Quality\nof life"):
        world.general_labels.append(Label(**world.born(), name=label, color="795548"))


def _customers(world: World, size: int) -> None:
    """Companies and people, with and without the optional fields."""
    for n in range(max(3, size // 30)):
        domain = None if n == 1 else f"company-{n}.example.com"
        world.companies.append(Company(**world.born(), name=f"Company № {n}", domain=domain))
    for n in range(max(4, size // 15)):
        world.people.append(
            Person(
                **world.born(),
                name=("Siv Ås", "李小龍", "", "Ana-María")[n % 4],
                email=None if n % 4 == 2 else f"person{n}@example.com",
                company=None if n % 3 == 2 else world.companies[n % len(world.companies)],
                external_id=f"-{n}" if n % 2 else None,
            )
        )


def _roadmaps(world: World) -> None:
    for name in ("Product", "Platform"):
        roadmap = Roadmap(**world.born(), name=name, color="teal")
        for column, kind in (
            ("Shipped", "PAST"),
            ("Now", "PRESENT"),
            ("Later", "FUTURE"),
        ):
            roadmap.columns.append(
                RoadmapColumn(**world.born(), name=column, roadmap=roadmap, column_type=kind)
            )
        world.roadmaps.append(roadmap)


def _work_items(world: World, size: int) -> None:
    """`size` work items for the token's user and two more in a space hidden from it.

    The first few were imported in one moment, so that they share it to the millisecond.
    """
    rng = world.rng
    spaces = list(world.spaces.values())
    places = [
        space for space, (*_, share) in zip(spaces, SPACES, strict=True) for _ in range(share)
    ]
    for n in range(size + 2):
        world.clock.held = n < min(5, size)
        space = spaces[-1] if n >= size else places[n * 7 % len(places)]
        if n % 6 == 4:
            space.last_number += 1 + n % 3  # deleted long ago
        status = space.statuses[(3, 1, 2, 4, 0, 3, 1)[n % 7]]
        item = world.make_work_item(space, TITLES[n % len(TITLES)], status)
        item.description = rng.choice(BODIES)
        item.effort, item.impact = rng.choice(SIZES), rng.choice(SIZES)
        item.labels = rng.sample(space.labels, n % 3)
        item.members = rng.sample(world.users if not space.private else space.insiders, n % 3)
        item.watchers = item.members[:1]
        if status.type == "ARCHIVED" or n % 14 == 5:  # the flag occurs without the column
            item.archived_at = world.tick()
        for _ in range((0, 1, 2, 0, 5)[n % 5]):
            world.make_comment(item, rng.choice(BODIES))


def _initiatives(world: World, size: int) -> None:
    """Initiatives across spaces; the first has the organisation's own labels."""
    rng = world.rng
    spaces = list(world.spaces.values())
    items = list(world.work_items.values())
    columns = [column for roadmap in world.roadmaps for column in roadmap.columns]
    for n in range(max(4, size // 20)):
        world.last_initiative += n % 3  # holes
        initiative = world.make_initiative(TITLES[-1 - n % len(TITLES)])
        initiative.description = rng.choice(BODIES)
        initiative.impact = rng.choice(SIZES)
        initiative.spaces = [spaces[n % len(spaces)], spaces[(n + 2) % len(spaces)]][: 2 - n % 2]
        initiative.labels = list(world.general_labels if n == 0 else spaces[0].labels[: n % 3])
        initiative.members = world.users[: n % 3]
        initiative.watchers = initiative.members[:1]
        world.place(initiative, columns[n % len(columns)])
        for item in rng.sample(items, min(len(items), 3)):
            world.join(item, initiative)
        if n % 4 == 1:
            initiative.archived_at = world.tick()
        world.make_comment(initiative, rng.choice(BODIES))


def _feedback(world: World, size: int) -> None:
    """Feedback with none to three insights, linked to work items and initiatives."""
    rng = world.rng
    entities: list[WorkItem | Initiative] = [
        *world.work_items.values(),
        *world.initiatives.values(),
    ]
    for n in range(max(5, size // 8)):
        world.last_feedback += n % 2  # holes
        feedback = world.make_feedback(TITLES[n * 3 % len(TITLES)])
        feedback.contents = CONTENTS[n % len(CONTENTS)]
        feedback.person = None if n % 4 == 0 else world.people[n % len(world.people)]
        feedback.company = feedback.person.company if feedback.person else None
        feedback.owners = world.users[: n % 2]
        feedback.tags = world.general_labels[: n % 3]
        if n % 3 == 1:
            feedback.processed, feedback.processed_at = True, world.tick()
        for _ in range((1, 2, 0, 3)[n % 4]):
            insight = world.make_insight(feedback, rng.choice(BODIES))
            insight.linked = rng.sample(entities, min(len(entities), rng.randrange(3)))
        if n == 0:
            feedback.insights[0].linked = [entities[0], entities[-1]]
