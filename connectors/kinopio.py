"""Kinopio: spaces of cards, connections and boxes. https://api.kinopio.club

No route is paged and none filters by time: `/user/spaces` names every space with its
`updatedAt`, and only spaces whose `updatedAt` moved are read, 60 in one request. What the API
page leaves open, and which form is tolerated, stands in connectors/notes/kinopio.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from connectors.answers import Page
from connectors.check_declarations import checked
from connectors.declare import (
    Connector,
    Cost,
    Costing,
    Credential,
    Family,
    Record,
    Resource,
    Rows,
)
from connectors.errors import Missing, Skippable
from connectors.http.judges import judge_kinopio
from connectors.http.rules import HttpRules, Window
from connectors.kinopio_files import FILES, HOSTS, LARGEST
from connectors.kinopio_tables import (
    AI_IMAGES,
    BOXES,
    CARDS,
    CONNECTION_TYPES,
    CONNECTIONS,
    FAVORITE_COLORS,
    FAVORITE_SPACES,
    FAVORITE_USERS,
    LINES,
    LISTS,
    NOTIFICATIONS,
    SPACE_COLLABORATORS,
    SPACES,
    TAGS,
    USERS,
)
from connectors.walk import ASK_AGAIN, Listing, Walk

BATCH = 60
"""Ids in one `/space/multiple`; longer lists may be cut silently (API page, section 4)."""
INSIDE = {"space_id": "id"}
USER_FIELDS = frozenset(
    {c.source for c in USERS.columns} | set(USERS.ignored) | {"fromCache", "isEdited"}
)
USER_PREFIXES = ("default", "filter", "should", "show", "is")


def one_color(value: Any, _: Mapping[str, Any]) -> Iterable[Record]:
    """Favourite colours come as objects or as plain text; the shape is undocumented."""
    for item in value if isinstance(value, list) else []:
        yield {"color": item} if isinstance(item, str) else item


def one_image(value: Any, _: Mapping[str, Any]) -> Iterable[Record]:
    """AI images come as objects or as plain addresses; the shape is undocumented."""
    for item in value if isinstance(value, list) else []:
        yield {"url": item} if isinstance(item, str) else item


def embedded_user(value: Any, _: Mapping[str, Any]) -> Iterable[Record]:
    """The user inside a notification, where there is one."""
    user = value.get("user")
    return [dict(user)] if isinstance(user, dict) else []


def listed_space(value: Any, _: Mapping[str, Any]) -> Iterable[Record]:
    """A row of a listing is metadata: whatever it nests is read with the space itself."""
    for item in value if isinstance(value, list) else []:
        if isinstance(item, dict):
            yield {k: v for k, v in item.items() if not isinstance(v, list)}


SPACE_PARTS = (
    Rows(USERS, at="users", partial=True, keep=True, proves=False),
    Rows(USERS, at="collaborators", partial=True, keep=True, proves=False),
    Rows(SPACE_COLLABORATORS, at="collaborators", given=INSIDE, keep=True),
    Rows(CARDS, at="cards", given=INSIDE),
    Rows(CONNECTIONS, at="connections", given=INSIDE),
    Rows(CONNECTION_TYPES, at="connectionTypes", given=INSIDE),
    Rows(BOXES, at="boxes", given=INSIDE),
    Rows(TAGS, at="tags", given=INSIDE),
    Rows(LISTS, at="lists", given=INSIDE),
    Rows(LINES, at="lines", given=INSIDE),
)
WHOLE_SPACES = Rows(SPACES, children=SPACE_PARTS)
LISTED_SPACES = Rows(SPACES, rows=listed_space, partial=True)

ACCOUNT = Resource("account", "/user", (Rows(USERS, partial=True),), listing=False)
SPACE_LIST = Resource("space_list", "/user/spaces", (LISTED_SPACES,))
REMOVED_SPACES = Resource("removed_spaces", "/user/removed-spaces", (LISTED_SPACES,))
SPACE_BATCH = Resource(
    "space_batch",
    "/space/multiple",
    (WHOLE_SPACES,),
    params={"spaceIds": "{space_ids}"},
    listing=False,
)
ONE_SPACE = Resource(
    "one_space", "/space/{space_id}", (WHOLE_SPACES,), denied=(401, 403), listing=False
)
REMOVED_CARDS = Resource(
    "removed_cards",
    "/space/{space_id}/removedCards",
    (Rows(CARDS, given={"space_id": ":space_id"}),),
    otherwise="/space/{space_id}/removed-cards",
    denied=(401, 403),
    listing=False,
)


def copy_spaces(walk: Walk) -> None:
    """Read the spaces that changed since they were read last, and what vanished from the lists."""
    listings = [walk.read(resource, collect=True) for resource in (SPACE_LIST, REMOVED_SPACES)]
    listed = {r["id"]: r for listing in listings for r in listing.records if r.get("id")}
    stored = {} if walk.full else walk.known.cursors("spaces")
    changed = [
        space_id
        for space_id, record in listed.items()
        if not record.get("updatedAt") or stored.get(space_id) != record["updatedAt"]
    ]
    updated: dict[str, str] = {}
    missing = [*_read_batches(walk, changed, updated)]
    if all(listing.proof.complete for listing in listings):
        known = {row[0] for row in walk.known.rows("spaces", ["id"])}
        missing += sorted(known - listed.keys())
    _read_singly(walk, missing, updated)
    for part in SPACE_PARTS:
        walk.outcome.note(part.table.name, "every changed space was read whole")
    # Removed spaces too: what was removed inside them can be restored with them.
    read = dict.fromkeys((*changed, *missing))
    unread = _read_removed_cards(
        walk, [space_id for space_id in read if space_id not in walk.gone]
    )
    # Only now: a space whose removed cards were not read has not been read.
    for space_id, updated_at in updated.items():
        if space_id not in unread:
            walk.outcome.cursors[("spaces", space_id)] = updated_at


def _read_batches(walk: Walk, space_ids: list[str], updated: dict[str, str]) -> list[str]:
    """Read spaces 60 at a time; returns the ids that the batches did not answer whole.

    Whether a batch holds the cards is undocumented: the first one shows it, and where it does
    not, the others are not asked for.
    """
    groups = [space_ids[i : i + BATCH] for i in range(0, len(space_ids), BATCH)]
    missing: list[str] = []
    for part in (groups[:1], groups[1:]):
        binds = [{"space_ids": ",".join(group)} for group in part]
        for bind, page in walk.ask_all(SPACE_BATCH, binds):
            asked = bind["space_ids"].split(",")
            whole = [] if isinstance(page, Skippable) else _whole(page.payload)
            answered = {space["id"] for space in whole}
            missing += [space_id for space_id in asked if space_id not in answered]
            for space in whole:
                _keep(walk, space, updated)
        if part and len(missing) == len(groups[0]):
            return space_ids
    return missing


def _whole(payload: Any) -> list[Record]:
    """The entries that hold a whole space; ids that may not be seen come back without one."""
    entries = payload if isinstance(payload, list) else []
    return [e for e in entries if isinstance(e, dict) and e.get("id") and "cards" in e]


def _keep(walk: Walk, space: Record, updated: dict[str, str]) -> None:
    """Keep a whole space, and remember in `updated` as of when it was read."""
    # Keeping takes the moving fields out of it.
    space_id, updated_at = space["id"], space.get("updatedAt")
    walk.keep(WHOLE_SPACES, [space])
    if updated_at:
        updated[space_id] = updated_at


def _read_singly(walk: Walk, space_ids: list[str], updated: dict[str, str]) -> None:
    """Read spaces one by one: those that batches left out, and those that left the listings.

    Only a 404 on its own address is evidence that a space is gone; 401 means that access was
    lost (API page, section 7).
    """
    binds = [{"space_id": space_id} for space_id in space_ids]
    for bind, page in walk.ask_all(ONE_SPACE, binds):
        space_id = bind["space_id"]
        if isinstance(page, Page) and isinstance(page.payload, dict) and page.payload.get("id"):
            _keep(walk, page.payload, updated)
        elif isinstance(page, Missing):
            walk.gone.add(space_id)
            walk.outcome.end("spaces", {"id": space_id}, "404 on its own address")
        else:
            walk.gone.add(space_id)
            walk.outcome.messages.append(f"space {space_id} can no longer be read; it is kept")


def _read_removed_cards(walk: Walk, space_ids: list[str]) -> set[str]:
    """Cards that were removed but can be restored; readable only where one may edit. Returns the
    spaces for which they could not be read otherwise."""
    binds = [{"space_id": space_id} for space_id in space_ids]
    listings = walk.read_each(REMOVED_CARDS, binds)
    _ask_again_where_empty(walk, binds, listings)
    refused: set[str] = set()
    unread: set[str] = set()
    for bind, listing in zip(binds, listings, strict=True):
        if listing.refused:
            refused.add(bind["space_id"])
        elif not listing.proof.complete:
            unread.add(bind["space_id"])
            walk.sink.without(CARDS, bind)
    if any(_removed_before(walk, space_id) for space_id in refused):
        # What was shown before and is refused now has not ended by that.
        names = ("space_id", "id", "is_removed")
        for space_id, card_id, removed in walk.known.rows("cards", names):
            if removed and space_id in refused:
                walk.outcome.spare("cards", {"space_id": space_id, "id": card_id})
    if listings and listings[-1].refused:
        # A refusal here means `not your space`, unless the key itself has died: this tells, and
        # only now (the account was read at the beginning of the run, with a key that lived).
        walk.ask(ACCOUNT, now=True)
    return unread


def _removed_before(walk: Walk, space_id: str) -> int:
    """How many removed cards of a space are known."""
    return walk.known.count("cards", {"space_id": space_id, "is_removed": "true"})


def _ask_again_where_empty(
    walk: Walk, binds: list[dict[str, str]], listings: list[Listing]
) -> None:
    """Empty where removed cards are known: a bad moment of the service looks just like that."""
    for _ in range(ASK_AGAIN):
        doubtful = [
            number
            for number, (bind, listing) in enumerate(zip(binds, listings, strict=True))
            if listing.proof.complete
            and not listing.count
            and _removed_before(walk, bind["space_id"])
        ]
        if not doubtful:
            return
        again = walk.read_each(REMOVED_CARDS, [binds[number] for number in doubtful])
        for number, listing in zip(doubtful, again, strict=True):
            listings[number] = listing


def cost_of_spaces(costing: Costing) -> list[Cost]:
    """Two lists, the changed spaces by 60, and the removed cards of each (API page, section 8)."""
    shown, removed = (
        [r for r in costing.look(resource) or [] if isinstance(r, dict) and r.get("id")]
        for resource in (SPACE_LIST, REMOVED_SPACES)
    )
    stored = {} if costing.full else costing.cursors("spaces")
    moved = [r for r in (*shown, *removed) if stored.get(r["id"]) != r.get("updatedAt")]
    return [
        Cost("lists of spaces", 2, len(shown) + len(removed)),
        Cost("changed spaces", -(-len(moved) // BATCH), len(moved)),
        Cost("removed cards", len(moved)),
    ]


def only_user_fields(_: Record, payload: Any) -> Any:
    """Keep an allow-list of every user object: real payloads were seen with the whole account.

    (API page, section 6.5: spaces made in the browser carried the signed-in user with keys.)
    """
    if isinstance(payload, dict) and "cardsCreatedCount" in payload:
        payload = _public(payload)
    _walk_users(payload)
    return payload


def _public(user: Record) -> Record:
    return {
        name: value
        for name, value in user.items()
        if name in USER_FIELDS or name.startswith(USER_PREFIXES)
    }


def _walk_users(value: Any) -> None:
    if isinstance(value, list):
        for item in value:
            if isinstance(item, (dict, list)):
                _walk_users(item)
        return
    if not isinstance(value, dict):
        return
    for name in ("users", "collaborators", "spectators"):
        if isinstance(value.get(name), list):
            value[name] = [_public(u) if isinstance(u, dict) else u for u in value[name]]
    if isinstance(value.get("user"), dict):
        value["user"] = _public(value["user"])


KINOPIO = checked(
    Connector(
        name="kinopio",
        title="Kinopio",
        base_url="https://api.kinopio.club",
        base_url_env="KINOPIO_BASE_URL",
        credential=Credential({"token": "KINOPIO_API_KEY"}, (("token",),)),
        http=HttpRules(
            headers={"Authorization": "{token}"},
            windows=(Window(5, 1.0),),
            penalty_seconds=30.0,
            judge=judge_kinopio,
        ),
        families=(
            Family("account", (ACCOUNT,), full_only=True),
            Family(
                "spaces",
                (SPACE_LIST, REMOVED_SPACES, SPACE_BATCH, ONE_SPACE, REMOVED_CARDS),
                plan=copy_spaces,
                cost=cost_of_spaces,
            ),
            Family(
                "favorites",
                (
                    Resource(
                        "favorite_spaces",
                        "/user/favorite-spaces",
                        (Rows(FAVORITE_SPACES, children=SPACE_PARTS[:2]),),
                    ),
                    Resource(
                        "favorite_users",
                        "/user/favorite-users",
                        (Rows(FAVORITE_USERS), Rows(USERS, partial=True)),
                    ),
                    Resource(
                        "favorite_colors",
                        "/user/favorite-colors",
                        (Rows(FAVORITE_COLORS, rows=one_color),),
                    ),
                ),
            ),
            Family(
                "notifications",
                (
                    Resource(
                        "notifications",
                        "/notifications",
                        (
                            Rows(
                                NOTIFICATIONS,
                                children=(
                                    Rows(USERS, rows=embedded_user, partial=True, proves=False),
                                ),
                            ),
                        ),
                        otherwise="/notification",
                    ),
                ),
            ),
            Family(
                "ai_images",
                (
                    Resource(
                        "ai_images",
                        "/user/ai-images",
                        (Rows(AI_IMAGES, rows=one_image),),
                        params={"limit": "1000"},
                        gone_is_empty=True,
                    ),
                ),
                full_only=True,
            ),
        ),
        notes="connectors/notes/kinopio.md",
        check=ACCOUNT,
        who=lambda user: f"the account of {user.get('name') or user.get('id')}",
        secret_fields=(
            "apiKey",
            "collaboratorKey",
            "readOnlyKey",
            "linkToSpaceCollaboratorKey",
            "email",
            "prevInviteEmails",
            "weatherLocation",
            "arenaAccessToken",
            "appleAppAccountToken",
            "stripeSubscriptionId",
            "stripePlanIsPurchased",
            "appApiKeys",
            "password",
            "clients",
        ),
        cleanse=only_user_fields,
        files=FILES,
        file_hosts=HOSTS,
        max_file_bytes=LARGEST,
    )
)
