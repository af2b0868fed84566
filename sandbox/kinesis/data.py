"""The made account: everything follows from seed and size."""

from __future__ import annotations

from sandbox.kinesis.catalogue import made_projects
from sandbox.kinesis.constraints import default_constraints
from sandbox.kinesis.model import Collection, Media, Project, Route, Store, User
from sandbox.kinesis.pictures import content_type, picture
from sandbox.kinesis.values import made_record
from sandbox.kinesis.words import PEOPLE, SENTENCES

HARMLESS_CONFIGS = {
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
}
OTHER_CONFIGS = {
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
    "SMTP_USERNAME",
    "SMTP_PASSWORD",
    "TOKEN_KEY",
    "ENCRYPT_KEY",
    "MISC_KEY",
    "INIT_CODE",
    "PAYMENTS",  # a key that people made up: its name gives nothing away
)
FLOW_PARTS = (
    "fetchers",
    "assignments",
    "templates",
    "conditions",
    "loops",
    "filters",
    "properties",
    "functions",
    "objects",
    "updates",
    "creates",
    "returns",
)


def made_store(seed: int, size: int) -> Store:
    """An account with `size` data records and all else in proportion."""
    store = Store(seed)
    store.constraints = default_constraints()
    for _ in range(6 + size // 50):
        add_made_user(store)
    store.configs.update(HARMLESS_CONFIGS)
    store.configs.update(OTHER_CONFIGS)
    for name in SECRET_CONFIGS:
        store.configs[name] = store.secret("config")
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
            project.routes.append(made_route(store, project.id, collection.id))
    _add_events(store, 6 + size // 2)
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
        role=("ROOT", "ROOT", "ADMIN", "AUTHOR", "VIEWER")[number % 5 if number < 5 else 4],
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
    marks = store.groups(8)
    path = f"uploads/{store.groups(12)}.{ending}"
    private = number % 5 == 3
    media = Media(
        id=("", "-", "_", "")[number % 4] + store.groups(6, 6, 6),
        name=f"public/{stem}_{marks}.{ending}",
        path=path,
        file_type=content_type(path),
        file_size=len(picture(path)),
        security="PRIVATE" if private else "PUBLIC",
        access_token=store.secret("media") if private else "",
    )
    store.medias.append(media)
    store.files[media.name] = path
    if not private:
        store.files[path] = path
    return media


def new_data_id(store: Store, number: int) -> str:
    """An id for a record; some begin with a dash or an underscore."""
    return ("", "", "-", "", "_")[number % 5] + store.groups(8, 8, 8)


def made_route(store: Store, project_id: str, collection_id: str) -> Route:
    """A route over a collection, with or without a login and parameters."""
    number = sum(len(project.routes) for project in store.projects)
    flow: dict[str, list[dict[str, object]]] = {part: [] for part in FLOW_PARTS}
    flow["fetchers"].append(
        {
            "global_index": 0,
            "block_index": 0,
            "local_name": "all",
            "ref_col": collection_id,
        }
    )
    flow["templates"].append(
        {
            "global_index": 1,
            "block_index": 0,
            "local_name": "hello",
            "data": [{"ref_var": False, "rtype": "STRING", "data": SENTENCES[number % 10]}],
            "template": 'Hello {}, "welcome"\n',
        }
    )
    flow["returns"].append(
        {"global_index": 2, "block_index": 0, "pairs": [{"id": "rows", "data": None}]}
    )
    login = {"active": number % 4 == 0, "field": "uid", "ref_col": collection_id}
    pairs = [{"id": "page", "bdtype": "INTEGER"}, {"id": "größe", "bdtype": "FLOAT"}]
    name = f"list_{collection_id}"
    if any(route.route_id == name for project in store.projects for route in project.routes):
        name = f"_{name}-{number}"
    return Route(
        route_id=name,
        route_path=f"/{collection_id}/list/{number}",
        auth_jwt=login if number % 2 == 0 else None,
        body=[{"id": "title", "bdtype": "STRING"}] if number % 3 else [],
        params={"delimiter": "&", "pairs": pairs} if number % 3 == 1 else None,
        flow=flow,
        program=f"ROUTE {project_id} {name}\nFETCH all FROM {collection_id}\nRETURN all\n",
    )


def add_made_record(store: Store, collection: Collection, data_id: str | None = None) -> str:
    """One more record at the end of a collection; gives its id."""
    number = len(collection.records)
    custom = {part.id: part.structures for part in collection.custom_structures}
    name = new_data_id(store, number) if data_id is None else data_id
    collection.records.append(made_record(store, collection.structures, custom, number, name))
    return name


def _add_records(store: Store, size: int) -> None:
    """Deal the records out: bookshops have most of them, a bare collection has one."""
    shares = {
        "books": 5,
        "every_type": 4,
        "order": 3,
        "customers": 3,
        "tasks": 2,
        "2025-trips": 2,
    }
    found = [
        collection
        for project in store.projects
        for collection in project.collections
        if collection.id not in ("bare", "drafts")
    ]
    order = found + [part for part in found for _ in range(shares.get(part.id, 1))]
    for number in range(size - 1):
        chosen = order[number % len(order)]
        # The first record has the same id everywhere: it is unique in its collection only.
        add_made_record(store, chosen, None if chosen.records else "d1")
    bare = [part for p in store.projects for part in p.collections if part.id == "bare"]
    if size:
        add_made_record(store, bare[0], "d1")


def _add_events(store: Store, count: int) -> None:
    for user in store.users:
        store.log(
            "user_register",
            f"usr[{{{user.number}}}] registered as <{user.email}>",
            "/users",
        )
    for number in range(count):
        project: Project = store.projects[number % len(store.projects)]
        who = f"usr[{{{number % len(store.users)}}}]"
        event_type, words, redirect = (
            (
                "project_update_name",
                f"renamed pro[{project.id}]",
                f"/project/{project.id}",
            ),
            (
                "data_create",
                f"created <{store.groups(8, 8, 8)}>",
                f"/project/{project.id}/data",
            ),
            ("config_update", "changed <PROJECT_NAME>\nin settings", "/configs"),
            ("collection_delete", f"deleted col[gone_{number}]", ""),
            ("constraint_update_max", "changed <media>", "/constraints"),
            (
                "project_add_member",
                f"added usr[{{{number + 2}}}]",
                f"/project/{project.id}",
            ),
        )[number % 6]
        store.log(
            event_type,
            f"{who} {words} 🐾" if number % 4 == 1 else f"{who} {words}",
            redirect,
        )
