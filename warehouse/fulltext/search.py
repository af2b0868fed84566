"""Ask the index: documents that hold every word, the best first, with where the words stand."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import tantivy

from warehouse.fulltext.index import SearchIndex, day_of, schema
from warehouse.fulltext.words import phrases, snippet
from warehouse.store.warehouse import Warehouse

TITLE_WEIGHT, EXACT_WEIGHT = 2.5, 3.0
SHORTEST_PREFIX = 3
"""A shorter word is looked for as it is, unless it ends in `*`."""


@dataclass(frozen=True)
class Hit:
    """A document, or a version of one that ended."""

    score: float
    service: str
    account: str
    kind: str
    id: str
    title: str
    snippet: str
    """A piece of its text around the first word that was found, or of its title."""
    marks: tuple[tuple[int, int], ...]
    """Where the words stand in the snippet: begin and end."""
    url: str | None
    author: str | None
    created: str | None
    updated: str | None
    ended: str | None
    """When this version ended (ISO 8601); None for what is current."""
    ended_by: str | None


def search(
    warehouse: Warehouse,
    query: str,
    *,
    services: tuple[str, ...] = (),
    kinds: tuple[str, ...] = (),
    since: datetime | None = None,
    history: bool = False,
    limit: int = 20,
) -> list[Hit]:
    """Documents that hold every word and phrase of the query; the index follows the loads first.

    A word is found as it stands and as the beginning of longer ones. `history` adds versions
    that ended; each document comes once, its best version. Raises WarehouseProblem where there is
    no warehouse.
    """
    wanted = phrases(query)
    if not wanted:
        return []
    index = SearchIndex(warehouse)
    index.follow()
    try:
        opened = index.open()
    except ValueError:
        index.remove()
        index.follow()
        opened = index.open()
    searcher = opened.searcher()
    filters = _filters(services, kinds, since)
    fields = {"title": TITLE_WEIGHT, "body": 1.0}
    if history:
        fields |= {"ended_title": TITLE_WEIGHT, "ended_body": 1.0}
    found: dict[tuple[str, ...], Hit] = {}
    # Words as they stand are found in no time; longer words that begin so, only where room is left.
    for longer in (False, True):
        must = [_somewhere(fields, words, prefix=p, longer=longer) for words, p in wanted]
        asked = tantivy.Query.boolean_query([(tantivy.Occur.Must, q) for q in (*must, *filters)])
        most = limit * (4 if history else 1)
        for score, address in searcher.search(asked, most, count=False).hits:
            hit = _hit(score, json.loads(searcher.doc(address)["row"][0]), query)
            place = (hit.service, hit.account, hit.kind, hit.id)
            if place not in found or (found[place].ended and not hit.ended):
                found[place] = hit
        if len(found) >= limit:
            break
    return list(found.values())[:limit]


def _filters(
    services: tuple[str, ...], kinds: tuple[str, ...], since: datetime | None
) -> list[tantivy.Query]:
    must = [_filter("service", services)] if services else []
    must += [_filter("kind", kinds)] if kinds else []
    if since is not None:
        day = day_of(since)
        must.append(
            _unscored(
                tantivy.Query.range_query(
                    schema(), "day", tantivy.FieldType.Integer, lower_bound=day, upper_bound=None
                )
            )
        )
    return must


def _somewhere(
    fields: dict[str, float], words: list[str], *, prefix: bool, longer: bool
) -> tantivy.Query:
    """The phrase in any of the fields."""
    inside = [
        tantivy.Query.boost_query(_in_field(field, words, prefix=prefix, longer=longer), weight)
        for field, weight in fields.items()
    ]
    return tantivy.Query.boolean_query([(tantivy.Occur.Should, query) for query in inside])


def _in_field(field: str, words: list[str], *, prefix: bool, longer: bool) -> tantivy.Query:
    if len(words) > 1:
        whole = tantivy.Query.phrase_query(schema(), field, list(words))
        if not prefix:
            return whole
        return tantivy.Query.phrase_prefix_query(schema(), field, list(words))
    word = words[0]
    exact = tantivy.Query.term_query(schema(), field, word)
    if not prefix and not (longer and len(word) >= SHORTEST_PREFIX):
        return exact
    beginning = tantivy.Query.regex_query(schema(), field, f"{re.escape(word)}.*")
    return tantivy.Query.boolean_query(
        [
            (tantivy.Occur.Should, tantivy.Query.boost_query(exact, EXACT_WEIGHT)),
            (tantivy.Occur.Should, tantivy.Query.const_score_query(beginning, 0.5)),
        ]
    )


def _filter(field: str, values: tuple[str, ...]) -> tantivy.Query:
    return _unscored(tantivy.Query.term_set_query(schema(), field, list(values)))


def _unscored(query: tantivy.Query) -> tantivy.Query:
    return tantivy.Query.const_score_query(query, 0.0)


def _hit(score: float, row: dict[str, Any], query: str) -> Hit:
    title, text = row.get("title") or "", row.get("text") or ""
    piece, marks = snippet(text, query)
    if not marks:
        piece, marks = snippet(title, query)
    return Hit(
        score=round(score, 3),
        service=row["service"],
        account=row["account"],
        kind=row["kind"],
        id=row.get("id") or "",
        title=title,
        snippet=piece,
        marks=tuple(marks),
        url=row.get("url"),
        author=row.get("author"),
        created=row.get("created"),
        updated=row.get("updated"),
        ended=row.get("ended"),
        ended_by=row.get("ended_by"),
    )
