"""Kippt: what a pass would cost, from the first pages of its lists and what is kept."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from connectors.core import Cost, Costing, Record, Resource
from connectors.kippt.sync import COUNTED, Routes, number, shared_lists
from connectors.paging import get_path


def cost_of_clips(asker: Costing, routes: Routes) -> list[Cost]:
    """The requests of `copy_clips`; more where clips changed, or where others' lists are cut."""
    me, lists = asker.look(routes.account), asker.look(routes.lists)
    shared = len(shared_lists(asker, get_path(lists, "objects") or [], number(get_path(me, "id"))))
    costs = [Cost("account", 1, 1), _pages(asker, routes.lists, "lists", lists)]
    if asker.full:
        clips = asker.look(routes.own_clips)
        own = _pages(asker, routes.own_clips, "clips", clips)
        costs += [own, Cost(routes.liked.name, 1, at_least=True), _cut(clips, own.rows)]
    else:
        costs.append(Cost(routes.own_clips.name, 1, at_least=True))
    if shared:
        costs.append(Cost(routes.list_clips.name, shared, at_least=True))
    costs.append(_pages(asker, routes.favorites, "favorites", asker.look(routes.favorites)))
    return costs


def _pages(asker: Costing, resource: Resource, table: str, payload: Any) -> Cost:
    kept = asker.kept(table)
    rows = max(kept, len(get_path(payload, "objects") or []))
    more = bool(get_path(payload, "meta.next")) and not kept
    return Cost(resource.name, resource.paging.requests(rows), rows, at_least=more)


def _cut(clips: Any, rows: int) -> Cost:
    """Clips that show only some of their comments or likes, by the share of the first page."""
    shown: list[Record] = [row for row in get_path(clips, "objects") or () if isinstance(row, dict)]
    cut = sum(
        number(get_path(clip, f"{kind}.count")) > len(get_path(clip, f"{kind}.data") or ())
        for clip in shown
        for kind in ("comments", "likes")
    )
    return Cost("cut comments and likes", round(cut * rows / max(1, len(shown))), at_least=True)


def cost_of_follows(asker: Costing, account: Resource, routes: Iterable[Resource]) -> list[Cost]:
    """By the counts that the account shows."""
    me = asker.look(account)
    told = [(resource, number(get_path(me, COUNTED[resource.name]))) for resource in routes]
    return [Cost(r.name, r.paging.requests(rows), rows) for r, rows in told]
