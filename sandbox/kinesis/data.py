"""The made account: everything follows from seed and size."""

from __future__ import annotations

from typing import Any

from sandbox.core import blob
from sandbox.core.blobs import content_type
from sandbox.kinesis.catalogue import made_projects
from sandbox.kinesis.constraints import default_constraints
from sandbox.kinesis.records import Collection, Media, Route, Store, User
from sandbox.kinesis.values import made_record
from sandbox.kinesis.words import PEOPLE, SENTENCES, TITLES

CONFIGS = {
    "ENV": "production",
    "PROJECT_NAME": 'Corner Bookshop "API" 📚',
    "FRONT_URL": "https://front.kinesis.example",
    "API_URL": "https://api.kinesis.example",
    "API_PORT": "8080",
    "API_PRE": "_empty",
    "WS_PORT": "8081",
    "JWT_EXPIRE": "900",
    "USE_REDIS": "false",
    "UPLOAD_SIZE": "2",
    "SHOULD_INITIALIZE": "false",
    "DB_NAME": "kinesis",
    "SMTP_HOST": "mail.kinesis.example",
    "SMTP_PORT": "587",
    "REDIS_HOST": "_empty",
    "REDIS_PORT": "6379",
    "CORS_WHITELIST": "https://front.kinesis.example",
    "LOGO_URL": "https://front.kinesis.example/logo.svg",
    "DOCS_URL": "_empty",
    "SMTP_FAKE_RECIPIENT": "nobody@mail.example",
    "greeting": 'welcome; "friend", it\'s open',
}
SECRET_CONFIGS = (
    "SMTP_USERNAME", "SMTP_PASSWORD", "TOKEN_KEY", "ENCRYPT_KEY", "MISC_KEY", "INIT_CODE",
    "PAYMENTS",  # a key that people made up: its name gives nothing away
)  # fmt: skip
FLOW_PARTS = (
    "fetchers", "assignments", "templates", "conditions", "loops", "filters", "properties",
    "functions", "objects", "updates", "creates", "returns",
)  # fmt: skip
SHARES = {"books": 5, "every_type": 4, "order": 3, "customers": 3, "tasks": 2, "2025-trips": 2}
"""Bookshops have most of the records."""
TICKETS = (("BUG", "HIGH", "OPEN"), ("FEATURE", "LOW", "WONTDO"), ("FEEDBACK", "URGENT", "CLOSED"))


def made_store(seed: int, size: int) -> Store:
    """An account with `size` data records and all else in proportion."""
    store = Store(seed)
    store.constraints = default_constraints()
    for _ in range(6 + size // 50):
        add_made_user(store)
    store.configs = CONFIGS | {name: store.secret("config") for name in SECRET_CONFIGS}
    store.configs["MONGO_URI"] = f"mongodb+srv://kinesis:{store.secret('config')}@db.example/main"
    for _ in range(7 + size // 8):
        add_made_media(store)
    store.medias.append(Media("logo", "logo.png", "logo.png", "image/png", 0, "PUBLIC", ""))
    private = next(media for media in store.medias if media.access_token)
    address = f"/media/stream?media_id={private.id}&access_token={private.access_token}"
    store.users[3].profile_picture = address
    store.projects = made_projects(store, size, len(store.users))
    _add_records(store, size)
    for project in store.projects:
        for collection in project.collections[:2]:
            project.routes.append(made_route(store, collection.id))
    _add_events(store, 6 + size // 2)
    _add_more(store)
    return store


def add_made_user(store: Store) -> User:
    """One more person; the first is the caller."""
    number = store.next_user
    store.next_user += 1
    first_name, last_name, username = PEOPLE[number % len(PEOPLE)]
    if number >= len(PEOPLE):
        username = f"{username}{number}"
    link = f"https://social.example/@{username}"
    user = User(
        number=number,
        first_name=first_name,
        last_name=last_name,
        username=username,
        email=f"{username.lower()}@mail.example",
        role=("ROOT", "ROOT", "ADMIN", "AUTHOR")[number] if number < 4 else "VIEWER",
        login_password=store.secret("login"),
        password_hash=f"$argon2id$v=19$m=4096,t=3,p=1${store.secret('hash')}",
        reset_token=store.secret("reset") if number % 3 == 2 else "",
        bio=SENTENCES[number % len(SENTENCES)] if number % 2 else "",
        profile_picture=f"/public/face_{number}.webp" if number % 4 == 1 else "",
        is_public=number % 3 == 1,
        links=([], [{"name": "social", "url": link}], [link])[number % 3],
    )
    store.users.append(user)
    return user


def add_made_media(store: Store) -> Media:
    """One more uploaded picture, every fifth a private one."""
    number = len(store.medias)
    ending = ("png", "jpg", "svg", "webp", "gif")[number % 5]
    stem = ("cover", "tide", "café menü", "cat", "receipt")[number // 2 % 5]
    path = f"uploads/{store.id_of(12)}.{ending}"
    private = number % 5 == 3
    media = Media(
        id=("", "-", "_", "")[number % 4] + store.id_of(6, 6, 6),
        name=f"public/{stem}_{store.id_of(8)}.{ending}",
        path=path,
        file_type=content_type(path),
        file_size=len(blob(path)),
        security="PRIVATE" if private else "PUBLIC",
        access_token=store.secret("media") if private else "",
    )
    store.medias.append(media)
    store.files[media.name] = path
    if not private:
        store.files[path] = path
    return media


def made_route(store: Store, collection_id: str) -> Route:
    """A route over a collection, with or without a login and parameters."""
    taken = [route.route_id for project in store.projects for route in project.routes]
    number, name = len(taken), f"list_{collection_id}"
    flow: dict[str, list[dict[str, Any]]] = {part: [] for part in FLOW_PARTS}
    flow["fetchers"] = [
        {"global_index": 0, "block_index": 0, "local_name": "all", "ref_col": collection_id}
    ]
    said = {"ref_var": False, "rtype": "STRING", "data": SENTENCES[number % 10]}
    words = {"local_name": "hello", "data": [said], "template": 'Hello {}, "welcome"\n'}
    flow["templates"] = [{"global_index": 1, "block_index": 0, **words}]
    pairs = [{"id": "rows", "data": None}]
    flow["returns"] = [{"global_index": 2, "block_index": 0, "pairs": pairs}]
    login = {"active": number % 4 == 0, "field": "uid", "ref_col": collection_id}
    wanted = [{"id": "page", "bdtype": "INTEGER"}, {"id": "größe", "bdtype": "FLOAT"}]
    return Route(
        route_id=f"_{name}-{number}" if name in taken else name,
        route_path=f"/{collection_id}/list/{number}",
        auth_jwt=login if number % 2 == 0 else None,
        body=[{"id": "title", "bdtype": "STRING"}] if number % 3 else [],
        params={"delimiter": "&", "pairs": wanted} if number % 3 == 1 else None,
        flow=flow,
    )


def new_data_id(store: Store, number: int) -> str:
    """An id for a record; some begin with a dash or an underscore."""
    return ("", "", "-", "", "_")[number % 5] + store.id_of(8, 8, 8)


def add_made_record(store: Store, collection: Collection, data_id: str | None = None) -> str:
    """One more record at the end of a collection; gives its id."""
    number = len(collection.records)
    custom = {part.id: part.structures for part in collection.custom_structures}
    name = new_data_id(store, number) if data_id is None else data_id
    collection.records.append(made_record(store, collection.structures, custom, number, name))
    return name


def _add_records(store: Store, size: int) -> None:
    """Deal the records out; a bare collection has one, without any value."""
    found = [collection for _, collection in store.collections()]
    full = [part for part in found if part.id not in ("bare", "drafts")]
    order = full + [part for part in full for _ in range(SHARES.get(part.id, 1))]
    for number in range(size - 1):
        chosen = order[number % len(order)]
        # The first record has the same id everywhere: it is unique in its collection only.
        add_made_record(store, chosen, None if chosen.records else "d1")
    if size:
        add_made_record(store, next(part for part in found if part.id == "bare"), "d1")


def _add_events(store: Store, count: int) -> None:
    for user in store.users:
        words = f"usr[{{{user.number}}}] registered as <{user.email}>"
        store.log("user_register", words, "/users")
    for number in range(count):
        project = store.projects[number % len(store.projects)].id
        event_type, words, redirect = (
            ("project_update_name", f"renamed pro[{project}]", f"/project/{project}"),
            ("data_create", f"created <{store.id_of(8, 8, 8)}>", f"/project/{project}/data"),
            ("config_update", "changed <PROJECT_NAME>\nin settings", "/configs"),
            ("collection_delete", f"deleted col[gone_{number}]", ""),
            ("constraint_update_max", "changed <media>", "/constraints"),
            ("project_add_member", f"added usr[{{{number + 2}}}]", f"/project/{project}"),
        )[number % 6]
        who = f"usr[{{{number % len(store.users)}}}]"
        store.log(event_type, f"{who} {words}{' 🐾' * (number % 4 == 1)}", redirect)


def _add_more(store: Store) -> None:
    """What the product has beside the documented lists (page, section 5): the documents name the
    fields in words; how answers spell them is invented after the other lists."""
    for number, (kind, priority, status) in enumerate(TICKETS * 4):
        store.tickets.append(
            {
                "id": store.id_of(6, 6),
                "title": TITLES[number % len(TITLES)],
                "description": SENTENCES[number % len(SENTENCES)],
                "ticket_type": kind,
                "priority": priority,
                "status": status,
                "tags": ["printer", "家"][: number % 3],
                "is_public": number % 2 == 0,
            }
        )
    for number in range(5):
        name, locator = TITLES[number], store.id_of(6)
        content = f"# {name}\n\n{SENTENCES[number]}"
        snippet = {"name": name, "content": content, "is_public": number % 2 == 0}
        store.snippets.append({"id": store.id_of(6, 6), **snippet})
        link = {"locator": locator, "url": f"https://front.kinesis.example/{number}"}
        store.redirects.append({"id": store.id_of(6, 6), **link})
