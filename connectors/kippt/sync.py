"""Kippt: in what order a sync asks, and what is evidence of an end.

An incremental pass asks for oneself, all lists, clips since the newest one known, all favourites,
and the comments and likes that an answer shows to have changed. A full pass reads every listing;
only then can a clip be found gone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
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
from connectors.kippt.endpoints import (
    ACCOUNT,
    CLIP_COMMENTS,
    COLLABORATORS,
    FAVORITE_CLIPS,
    FOLLOWERS,
    FOLLOWING,
    LIKED_CLIPS,
    LIKES_OF_CLIP,
    LIST_CLIPS,
    LIST_LIST,
    ONE_CLIP,
    OWN_CLIPS,
    changed_since,
    with_media,
)
from connectors.kippt.missing_clips import end_missing_clips
from connectors.kippt.normalize import clip_summary, number
from connectors.paging import get_path

MEDIA_READ = note("clips with media")
"""Whether the clips on record were read with what was found at them: `yes` or `no`."""
OVERLAP_SECONDS = 300
"""Read again from so far before the newest clip: whether `since` is inclusive is unknown."""


def copy_clips(reader: Reader) -> None:
    """Lists, clips of all sources, favourites, and what clips show of the talk about them."""
    me = number(oneself(reader).get("id"))
    lists = _read_lists(reader)
    own = _read_clips(reader, OWN_CLIPS, [{}])
    shared = _read_clips(reader, LIST_CLIPS, shared_lists(reader.known, lists.records, me))
    listed = _asked(reader, FAVORITE_CLIPS)
    favorites = reader.read(listed, collect=clip_summary)
    favorites = reader.confirm_empty(listed, {}, favorites, collect=clip_summary)
    if favorites.completeness.complete:
        reader.evidence.prove("favorites", listed.name, {}, favorites.completeness.by)
    if reader.full:
        liked = reader.read(_asked(reader, LIKED_CLIPS), {"user_id": me}, collect=clip_summary)
        unread = {scope for scope, found in shared.items() if found.gone}
        read = [found for scope, found in shared.items() if scope not in unread]
        listings = [*own.values(), *read, favorites, liked]
        if lists.records and all(listing.completeness.complete for listing in (lists, *listings)):
            end_missing_clips(
                reader,
                _asked(reader, ONE_CLIP),
                seen={number(r.get("id")) for listing in listings for r in listing.records},
                me=me,
                lists={number(r.get("id")) for r in lists.records},
                unread={number(scope) for scope in unread},
            )
        _read_rest(reader, COLLABORATORS, "list_id")
    elif _media_is_new(reader):
        reader.read(_asked(reader, LIKED_CLIPS), {"user_id": me})
    _read_rest(reader, CLIP_COMMENTS, "clip_id")
    _read_rest(reader, LIKES_OF_CLIP, "clip_id")
    for table in ("clip_saves", "list_collaborators"):
        reader.evidence.note(table, "as far as records show them")
    if not reader.evidence.failures:
        _move_cursors(reader, OWN_CLIPS, own)
        _move_cursors(reader, LIST_CLIPS, shared)
        if _wants_media(reader) or reader.known.state(MEDIA_READ):
            reader.evidence.state[MEDIA_READ] = "yes" if _wants_media(reader) else "no"


def _wants_media(reader: Reader) -> bool:
    """Clips name their images only when asked with `include_data=media`."""
    return bool(reader.options.get("files"))


def _media_is_new(reader: Reader) -> bool:
    """Whether images are wanted and the clips on record were read without."""
    return _wants_media(reader) and reader.known.state(MEDIA_READ) != "yes"


def _asked(reader: Reader, clips: Resource) -> Resource:
    """A resource of clips as this account asks for it."""
    return with_media(clips) if _wants_media(reader) else clips


def oneself(reader: Reader) -> Record:
    """The account's own user."""
    found = reader.read(ACCOUNT, collect=True).records
    if not found or not number(found[0].get("id")):
        raise UnexpectedShape("Kippt did not say whose account this is")
    return found[0]


def _read_lists(reader: Reader) -> Listing:
    """Own and shared lists; none at all is no answer, since the Inbox cannot be deleted."""
    lists = reader.read(LIST_LIST, collect=True)
    if lists.completeness.complete and lists.records:
        reader.evidence.prove("lists", LIST_LIST.name, {}, lists.completeness.by)
    elif lists.completeness.complete:
        reader.evidence.fail("lists", LIST_LIST.name, "no list came, not even the Inbox")
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
    asked = _asked(reader, resource)
    listings = reader.read_each(asked, whole, collect=clip_summary)
    listings += reader.read_each(changed_since(asked), later, collect=clip_summary)
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


def copy_follows(reader: Reader) -> None:
    """Followers and followed; none at all is believed where the account counts none either."""
    me = oneself(reader)
    bind = {"user_id": number(me["id"])}
    for resource in (FOLLOWERS, FOLLOWING):
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
