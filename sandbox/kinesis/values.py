"""Made values of records, as the service stores them: always text."""

from __future__ import annotations

from sandbox.kinesis.records import API_URL, Record, Store, Structure
from sandbox.kinesis.words import BINDINGS, CHOICES, CITIES, ITEMS, LONG, PEOPLE, SENTENCES, TITLES

INTEGERS = ("0", "-7", "12", "450", "9007199254740993", "92233720368547758079")
"""Above 2^53, where a double loses digits, and above 2^63, which no column holds."""
FLOATS = ("0.1", "12.90", "-0.5", "100", "1e-7", "9007199254740993.5")
JSON_TEXTS = (
    '{"weight_g": 310, "tags": ["a,b", "c"], "dimensions": {"w": 12.5, "h": null}}',
    "[1, 2, 3]",
    '"only text"',
    "null",
    '{"note": "naïve \\"quoted\\" 🍲"}',
    "{}",
)


def made_record(
    store: Store,
    structures: list[Structure],
    custom: dict[str, list[Structure]],
    number: int,
    data_id: str,
) -> Record:
    """A record; every seventh lacks a stored value for one structure."""
    values = {part.id: made_value(store, part, number) for part in structures}
    if number % 7 == 3 and structures:
        del values[structures[number % len(structures)].id]
    custom_values = {
        name: {part.id: made_value(store, part, number) for part in parts}
        for name, parts in custom.items()
    }
    return Record(data_id, number % 5 != 1, values, custom_values)


def made_value(store: Store, structure: Structure, number: int) -> str:
    """A stored value for the record with this number; now and then empty."""
    if number % 6 == 5 and not structure.required:
        return ""
    if not structure.array:
        return _single(store, structure, number)
    items = [_single(store, structure, number + step) for step in range(1 + number % 4)]
    items.sort(key=lambda item: "access_token=" in item)  # nothing follows a signed address
    return ",".join(item.replace(",", " ") for item in items)


def _single(store: Store, structure: Structure, number: int) -> str:
    chance = store.random
    if structure.secret:
        return store.secret("sealed")
    match structure.kind:
        case "EMAIL":
            return f"{PEOPLE[number % len(PEOPLE)][2].lower()}+{number}@mail.example"
        case "MARKDOWN":
            body = LONG if number % 13 == 7 else chance.choice(SENTENCES)
            return f"# {chance.choice(TITLES)}\n\n{body}"
        case "INTEGER":
            extreme = structure.id.startswith("integer")
            return INTEGERS[number % len(INTEGERS)] if extreme else str(80 + number * 37 % 900)
        case "FLOAT":
            extreme = structure.id.startswith("float")
            cents = 100 + number * 731 % 9900
            return FLOATS[number % len(FLOATS)] if extreme else f"{cents / 100:.2f}"
        case "ENUM":
            choices = BINDINGS if structure.id == "binding" else CHOICES
            return choices[number % len(choices)]
        case "DATE":
            return f"20{10 + number % 20}-{1 + number % 12:02d}-{1 + number % 28:02d}"
        case "DATETIME":
            zone = ("+00:00", "+02:00", "-03:30", "+05:45")[number % 4]
            day = f"2025-{1 + number % 12:02d}-{1 + number % 28:02d}"
            return f"{day} {number % 24:02d}:{number * 7 % 60:02d}:09 {zone}"
        case "MEDIA":
            return _media_url(store, number)
        case "BOOLEAN":
            return chance.choice(("true", "false"))
        case "UID":
            return store.id_of(6, 6, 6, 6)
        case "JSON":
            return JSON_TEXTS[number % len(JSON_TEXTS)]
        case "CUSTOM":
            return ""
        case _:
            return _text(store, structure, number)


def _text(store: Store, structure: Structure, number: int) -> str:
    chance = store.random
    match structure.id:
        case "isbn":
            return f"{number:010d}"  # with zeros in front: no number
        case "title":
            return chance.choice(TITLES)
        case "name":
            return " ".join(PEOPLE[number % len(PEOPLE)][:2])
        case "city" | "place":
            return chance.choice(CITIES)
        case "street":
            return f"{1 + number} Harbour Lane"
        case _ if structure.array:
            return chance.choice(ITEMS)
        case _:
            return LONG if number % 17 == 9 else chance.choice((*SENTENCES, *TITLES))


def _media_url(store: Store, number: int) -> str:
    private = [media for media in store.medias if media.access_token]
    if private and number % 9 == 2:
        media = private[number % len(private)]
        return f"{API_URL}/media/stream?media_id={media.id}&access_token={media.access_token}"
    if not store.medias or number % 9 == 4:
        return f"{API_URL}/public/not_ours_{number}.png"
    return f"{API_URL}/{store.medias[number % len(store.medias)].name}"
