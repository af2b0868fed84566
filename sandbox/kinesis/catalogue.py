"""The projects and collections that the made people built in the service."""

from __future__ import annotations

from sandbox.kinesis.records import API_URL, Collection, CustomStructure, Project, Store, Structure

STYPES = (
    "TEXT", "EMAIL", "PASSWORD", "MARKDOWN", "INTEGER", "FLOAT", "ENUM", "DATE", "DATETIME",
    "MEDIA", "BOOLEAN", "UID", "JSON",
)  # fmt: skip


def structure(
    identifier: str,
    stype: str | dict[str, str] = "TEXT",
    *,
    name: str | None = None,
    default: str = "",
    array: bool = False,
    encrypted: bool = False,
    required: bool = False,
    unique: bool = False,
    pattern: str = "",
) -> Structure:
    """A structure with everyday bounds."""
    return Structure(
        id=identifier,
        name=identifier.strip("-_").replace("_", " ").title() if name is None else name,
        description="" if identifier.startswith("_") else f"What is kept as {identifier}",
        stype=stype,
        default_val=default,
        min=0,
        max={"MARKDOWN": 20000, "JSON": 50000, "BOOLEAN": 5}.get(str(stype), 8000),
        encrypted=encrypted,
        unique=unique,
        regex_pattern=pattern,
        array=array,
        required=required,
    )


def every_type(store: Store) -> Collection:
    """A collection with each type plain, most as arrays, and all kinds of secrets."""
    plain = [structure(stype.lower(), stype) for stype in STYPES if stype != "PASSWORD"]
    arrays = [
        structure(f"{stype.lower()}_list", stype, array=True)
        for stype in STYPES
        if stype not in ("JSON", "PASSWORD", "MARKDOWN")  # their items could hold commas
    ]
    secret = [
        structure("password", "PASSWORD", default=store.secret("default")),
        structure("password_list", "PASSWORD", array=True),
        structure("locked_text", encrypted=True, default=store.secret("default")),
        structure("locked_email", "EMAIL", encrypted=True),
        structure("locked_list", array=True, encrypted=True),
    ]
    other = [
        structure("remark", {"CUSTOM": "comment"}),
        structure("text_with_default", default="as agreed, \"quoted\"; and 'so'"),
        structure("integer_with_default", "INTEGER", default="7"),
        structure("list_with_default", array=True, default="a,b"),
    ]
    parts = [
        structure("uid", "UID", required=True),
        structure("value", required=True),
        structure("stars", "INTEGER", default="3"),
        structure("pin", "PASSWORD"),
    ]
    groups = [
        CustomStructure("comment", "comment", "To say something", parts),
        CustomStructure("-nothing", "Nothing yet", "", []),
    ]
    fields = [*plain, *arrays, *secret, *other]
    return Collection("every_type", "Every type", "One of each", fields, groups)


def books() -> Collection:
    fields = [
        structure("isbn", unique=True, pattern="^[0-9X]{10,13}$"),
        structure("title", required=True, default="untitled"),
        structure("summary", "MARKDOWN"),
        structure("price", "FLOAT", default="0"),
        structure("pages", "INTEGER"),
        structure("binding", "ENUM"),
        structure("genres", array=True),
        structure("published", "DATE", name="Published on"),  # as the record's own flag
        structure("added_at", "DATETIME"),
        structure("cover", "MEDIA", default=f"{API_URL}/public/no_cover.png"),
        structure("in_stock", "BOOLEAN", default="true"),
        structure("details", "JSON", default="{}"),
    ]
    said = [structure("by", "UID"), structure("stars", "INTEGER"), structure("said", "MARKDOWN")]
    review = CustomStructure("review", "Review", "What a reader thought", said)
    return Collection("books", "Books 📚", "All that we sell", fields, [review])


def orders() -> Collection:
    """Names that a database takes for its own words, or for one another."""
    fields = [
        structure("order", "INTEGER", unique=True),
        structure("group"),
        structure("select", "BOOLEAN", default="false"),
        structure("from", "DATE"),
        structure("to", "DATETIME"),
        structure("1st-price", "FLOAT"),
        structure("Total", "FLOAT", name='Total "gross"'),
        structure("total", name="Total in words"),
        structure("data_id", name="The customer's own number"),
        structure("-", name="a dash"),
    ]
    return Collection("order", 'Orders; "open" and shut', "", fields)


def customers() -> Collection:
    place = [structure("street"), structure("city"), structure("door_code", encrypted=True)]
    fields = [
        structure("name", required=True),
        structure("email", "EMAIL", unique=True),
        structure("password", "PASSWORD", required=True),
        structure("phone", encrypted=True),
        structure("birthday", "DATE"),
        structure("newsletter", "BOOLEAN", default="false"),
        structure("home", {"CUSTOM": "address"}),
    ]
    address = CustomStructure("address", "Address", "", place)
    return Collection("customers", "Customers", "People; personal data", fields, [address])


def trips() -> Collection:
    fields = [
        structure("größe", "FLOAT", name="Größe (m²)"),
        structure("名前", name="名前"),
        structure("place"),
        structure("_seen", "DATETIME"),
        structure("photos", "MEDIA", array=True),
    ]
    return Collection("2025-trips", "Trips of 2025", "حقول", fields)


def posts() -> Collection:
    """The same in two projects: the id of a collection is unique only inside its project."""
    fields = [structure("title"), structure("content", "MARKDOWN"), structure("views", "FLOAT")]
    return Collection("posts", "Posts", "To keep posts", fields)


def tasks() -> Collection:
    fields = [
        structure("title", required=True),
        structure("state", "ENUM", default="OPEN"),
        structure("hours", "FLOAT", default="0"),
        structure("due", "DATE"),
        structure("tags", array=True),
        structure("done", "BOOLEAN", default="false"),
    ]
    return Collection("tasks", "Tasks", "", fields)


def made_projects(store: Store, size: int, users: int) -> list[Project]:
    """All projects without records; one more for every 400 records.

    The caller is a member of the first two only, so that any role but ROOT sees less.
    """
    bare = Collection("bare", "Bare", "No structures at all", [])
    drafts = Collection("drafts", "Drafts", "No records yet", [structure("title")])
    sums = [structure("entry"), structure("sum", "FLOAT"), structure("key", encrypted=True)]
    ledger = Collection("ledger", "Ledger", "", sums)
    gone = users + 40  # a member whom the service no longer knows
    shop = [books(), orders(), customers(), drafts]
    lab = [every_type(store), posts(), bare]
    projects = [
        Project(
            "bookshop", "Corner Bookshop", 'Books, "coffee"\nand 🐈', "/api/v1/bookshop",
            [0, 1, 2, 1], shop,
        ),
        Project("field-notes", "Field Notes", "", "/notes", [0, 3, gone], [trips(), posts()]),
        Project("_lab", "Lab", "ניסויים", "/lab", [1], lab),
        Project("empty", "Corner Bookshop", "The same name as another", "/empty", []),
        Project("elsewhere", "Elsewhere", "Not the caller's", "/elsewhere", [1, 2], [ledger]),
    ]  # fmt: skip
    for number in range(size // 400):
        members, parts = [number % users, (number * 3 + 1) % users], [tasks(), posts()]
        name, path = f"Team {number}", f"/team/{number}"
        projects.append(Project(f"team_{number}", name, "", path, members, parts))
    return projects
