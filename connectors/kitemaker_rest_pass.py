"""Kitemaker: a full pass by REST alone, number by number."""

from __future__ import annotations

from connectors.kitemaker_incremental import lack_comments
from connectors.kitemaker_looks import Looks
from connectors.kitemaker_numbers import read_numbers
from connectors.kitemaker_recents import gap
from connectors.kitemaker_routes import ITEM_PIECE, MOST
from connectors.kitemaker_work import Work


def copy_numbers(work: Work) -> None:
    """Every number of every space; what answers 404 and is in no list has ended."""
    looks = Looks(work)
    for space_id in work.spaces.names:
        looks.take(space_id)
    for space_id in looks.of:
        looks.take_whole(space_id)
    known = {row_id: updated_at for row_id, (_, updated_at) in looks.comments.items()}
    for space_id, look in looks.of.items():
        work.walk.keep(ITEM_PIECE, look.items)
        look.read_whole = read_numbers(work, space_id, look)
        whole = look.read_whole or len(look.items) < MOST
        lost = gap(look.comments, looks.comment_cursors.get(space_id), known)
        if lost:
            lack_comments(work, space_id)
        looks.move_cursors(space_id, items=whole, comments=not lost)
    work.seen |= looks.listed
    if "work_items" not in work.walk.outcome.failures:
        _end_unfound(looks)
    looks.keep_comments()
    for name in ("work_items", "work_item_labels"):
        work.walk.outcome.note(name, "every number asked for")
    work.walk.outcome.note("comments", "recent lists; REST shows none of initiatives")


def _end_unfound(looks: Looks) -> None:
    """Every number of a space was asked for: what was not found there is not there."""
    work = looks.work
    for item_id in sorted(work.items.keys() - work.seen):
        look = looks.of.get(work.items[item_id].space_id)
        if look is not None and look.read_whole:
            evidence = "found by no number and in no list of any space"
            work.walk.outcome.end("work_items", {"id": item_id}, evidence)
