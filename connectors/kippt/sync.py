"""Kippt: in what order a sync asks, and what is evidence of an end.

An incremental pass asks for oneself, all lists,
clips since the newest one known, all favourites, and the comments and likes that an answer shows
to have changed. A full pass reads every listing; only then can a clip be found gone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from connectors.core import (
    Costing,
    KnownRows,
    Listing,
    Reader,
    Record,
    Resource,
    UnexpectedShape,
    note,
)
from connectors.kippt.missing_clips import end_missing_clips
from connectors.paging import get_path

MEDIA_READ = note("clips with media")
"""Whether the clips on record were read with what was found at them: `yes` or `no`."""
OVERLAP_SECONDS = 300
"""Read again from so far before the newest clip: whether `since` is inclusive is unknown."""


@dataclass(frozen=True)
class Routes:
    """The resources of the family `clips`, by what they are for."""

    account: Resource
    lists: Resource
    own_clips: Resource
    list_clips: Resource
    favorites: Resource
    liked: Resource
    one_clip: Resource
    comments: Resource
    likes: Resource
    collaborators: Resource

    @property
    def all(self) -> tuple[Resource, ...]:
        return tuple(getattr(self, field.name) for field in fields(self))

    def with_media(self) -> Routes:
        """The same, with what the service found at each clip: images, and heavy texts."""
        asked = {
            name: replace(route, params={**route.params, "include_data": "media"})
            for name in ("own_clips", "list_clips", "favorites", "liked", "one_clip")
            for route in (getattr(self, name),)
        }
        return replace(self, **asked)


def number(value: Any) -> int:
    """An id or a time, which come as numbers or as decimal text; 0 for anything else."""
    return int(value) if isinstance(value, int) or str(value).isdecimal() else 0


def brief(clip: Record) -> Record:
    """What a plan needs of a clip."""
    return {"id": clip.get("id"), "updated": clip.get("updated")}


def copy_clips(reader: Reader, routes: Routes) -> None:
    """Lists, clips of all sources, favourites, and what clips show of the talk about them."""
    with_media = bool(reader.options.get("files"))
    if with_media:
        routes = routes.with_media()
    me = number(get_path(oneself(reader, routes.account), "id"))
    lists = _read_lists(reader, routes.lists)
    own = _read_clips(reader, routes.own_clips, [{}])
    shared = _read_clips(reader, routes.list_clips, shared_lists(reader.known, lists.records, me))
    favorites = reader.read(routes.favorites, collect=brief)
    favorites = reader.confirm_empty(routes.favorites, {}, favorites, collect=brief)
    if favorites.completeness.complete:
        by = favorites.completeness.by
        reader.evidence.prove("favorites", routes.favorites.name, {}, by)
    if reader.full:
        liked = reader.read(routes.liked, {"user_id": me}, collect=brief)
        unread = {scope for scope, found in shared.items() if found.gone}
        read = [found for scope, found in shared.items() if scope not in unread]
        listings = [*own.values(), *read, favorites, liked]
        if lists.records and all(listing.completeness.complete for listing in (lists, *listings)):
            end_missing_clips(
                reader,
                routes.one_clip,
                seen={number(r.get("id")) for listing in listings for r in listing.records},
                me=me,
                lists={number(r.get("id")) for r in lists.records},
                unread={number(scope) for scope in unread},
            )
        _read_rest(reader, routes.collaborators, "list_id")
    elif _media_is_new(reader):
        reader.read(routes.liked, {"user_id": me})
    _read_rest(reader, routes.comments, "clip_id")
    _read_rest(reader, routes.likes, "clip_id")
    for table in ("clip_saves", "list_collaborators"):
        reader.evidence.note(table, "as far as records show them")
    if not reader.evidence.failures:
        _move_cursors(reader, routes.own_clips, own)
        _move_cursors(reader, routes.list_clips, shared)
        if with_media or reader.known.state(MEDIA_READ):
            reader.evidence.state[MEDIA_READ] = "yes" if with_media else "no"


def _media_is_new(reader: Reader) -> bool:
    """Whether images are wanted and the clips on record were read without."""
    return bool(reader.options.get("files")) and reader.known.state(MEDIA_READ) != "yes"


def oneself(reader: Reader, account: Resource) -> Record:
    """The account's own user."""
    found = reader.read(account, collect=True).records
    if not found or not number(found[0].get("id")):
        raise UnexpectedShape("Kippt did not say whose account this is")
    return found[0]


def _read_lists(reader: Reader, resource: Resource) -> Listing:
    """Own and shared lists; none at all is no answer, since the Inbox cannot be deleted."""
    lists = reader.read(resource, collect=True)
    if lists.completeness.complete and lists.records:
        reader.evidence.prove("lists", resource.name, {}, lists.completeness.by)
    elif lists.completeness.complete:
        reader.evidence.fail("lists", resource.name, "no list came, not even the Inbox")
    return lists


def shared_lists(
    known: KnownRows | Costing, lists: Iterable[Record], me: int
) -> list[dict[str, int]]:
    """Lists that may hold clips which are not among one's own: of others, or with others.

    A list of 2012 does not say whose it is. A list that is shared no more may still hold what
    others put there.
    """
    clips = known.rows("clips", ["list_id", "user_id"])
    foreign = {list_id for list_id, user_id in clips if user_id not in (None, me)}
    return [
        {"list_id": number(record.get("id"))}
        for record in lists
        if number(get_path(record, "user.id")) != me
        or get_path(record, "collaborators.count") != 0
        or number(record.get("id")) in foreign
    ]


def _read_clips(
    reader: Reader, resource: Resource, binds: Sequence[Mapping[str, Any]]
) -> dict[str, Listing]:
    """Each listing from where it was read before, else from its beginning; by cursor scope."""
    # Where images are wanted for the first time, older clips must be shown with theirs.
    whole_pass = reader.full or _media_is_new(reader)
    cursors = {} if whole_pass else reader.known.cursors(resource.name)
    known = {str(row[0]) for row in reader.known.rows("lists", ["id"])}
    whole, later = [], []
    for bind in binds:
        scope = _scope(bind)
        # Of a list that was out of sight meanwhile, older clips may be new here.
        if scope in cursors and (not scope or scope in known):
            later.append({**bind, "since": max(0, int(cursors[scope]) - OVERLAP_SECONDS)})
        else:
            whole.append(bind)
    since = replace(resource, params={**resource.params, "since": "{since}"})
    listings = reader.read_each(resource, whole, collect=brief)
    listings += reader.read_each(since, later, collect=brief)
    return {_scope(b): found for b, found in zip([*whole, *later], listings, strict=True)}


def _scope(bind: Mapping[str, Any]) -> str:
    return str(bind.get("list_id", ""))


def _move_cursors(reader: Reader, resource: Resource, listings: Mapping[str, Listing]) -> None:
    """The newest `updated` read, by the service's clock.

    A time that has not yet come (a clock of the service that jumped) would hide what follows.
    """
    stored = reader.known.cursors(resource.name)
    now = int(reader.started_at.timestamp())
    for scope, listing in listings.items():
        newest = max((number(r.get("updated")) for r in listing.records), default=0)
        value = max(min(newest, now), number(stored.get(scope, 0)))
        if value and listing.completeness.complete:
            reader.evidence.cursors[(resource.name, scope)] = str(value)


def _read_rest(reader: Reader, resource: Resource, owner: str) -> None:
    """Lists that came cut: each in a full pass, later those that are not as they were.

    What comes first is the newest, so a list has changed if its length has, or if it shows an
    item that is not known.
    """
    table = resource.rows[0].table
    cuts = reader.cuts(table) if reader.wants(resource) else []
    if cuts and not reader.full:
        stored: dict[int, set[Any]] = defaultdict(set)
        for scope, item in reader.known.rows(table.name, [owner, table.key[-1]]):
            stored[scope].add(item)
        of = {id(cut): stored[number(cut.inherited[owner])] for cut in cuts}
        cuts = [c for c in cuts if len(of[id(c)]) != c.count or not of[id(c)].issuperset(c.shown)]
    binds = [{owner: number(cut.inherited[owner])} for cut in cuts]
    if any(listing.refused for listing in reader.read_each(resource, binds)):
        reader.check_credential()  # a token that died in the middle is refused here as well


def copy_follows(reader: Reader, account: Resource, routes: Iterable[Resource]) -> None:
    """Followers and followed; none at all is believed where the account counts none either."""
    me = oneself(reader, account)
    bind = {"user_id": number(me["id"])}
    for resource in routes:
        listing = reader.read(resource, bind, collect=True)
        listing = reader.confirm_empty(resource, bind, listing, collect=True)
        direction = resource.rows[0].inherit["direction"].name
        told = number(get_path(me, COUNTED[resource.name]))
        if not listing.completeness.complete:
            continue
        if listing.records or not told:
            scope = {"direction": direction}
            reader.evidence.prove("follows", resource.name, scope, listing.completeness.by)
        else:
            reader.evidence.fail("follows", resource.name, f"none of {told} came")


COUNTED = {"followers": "counts.followed_by", "following": "counts.follows"}
