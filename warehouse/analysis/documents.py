"""`documents`, `documents_history` and `links`, of what the services declare."""

from __future__ import annotations

from collections.abc import Iterable

from connectors.core.analysis import Document
from connectors.core.connector import Connector
from warehouse.analysis.view import AnalysisView, key_text, union
from warehouse.schema.types import literal, quoted

COLUMNS = {
    "account": "the account that it belongs to",
    "service": "the service",
    "kind": "what it is: card, clip, work item ...",
    "id": "its key at the service, the parts joined by `/`",
    "parent_kind": "the kind of the document that holds it",
    "parent": "the id of the document that holds it",
    "title": "its title or name",
    "text": "its text, word for word",
    "url": "an address that shows it, where one is known",
    "author": "the name of who wrote it, else their id",
    "created": "when it was made, as the service says",
    "updated": "when it was changed last, as the service says",
    "table_name": "the table that holds it",
    "handle": "how addresses name it; its id where nothing else is known",
    "addresses": "addresses that it holds beside its texts",
    "since": "since when this version is known (UTC)",
    "run_id": "the run that wrote this row last (_kollect.runs)",
}
ENDING = {
    "ended": "when this version was superseded or gone (UTC)",
    "ended_by": "`updated` (a newer version followed) or `deleted`",
    "evidence": "what proved the deletion",
}
URL = r"(?i)https?://[^\s<>\x22\x60{}|\\^\[\]]+"


def documents(connectors: Iterable[Connector]) -> list[AnalysisView]:
    """The views of documents as they are and as they were."""
    declared = [(c, d) for c in connectors for d in c.analysis.documents]
    return [
        AnalysisView(
            "documents",
            "Everything that has text, of all accounts: one row per card, clip, work item ... "
            "that the services hold now.",
            COLUMNS,
            union([_select(c, d) for c, d in declared]),
        ),
        AnalysisView(
            "documents_history",
            "Superseded and deleted versions of everything that has text, and why they ended.",
            COLUMNS | ENDING,
            union([_select(c, d, ended=True) for c, d in declared]),
        ),
    ]


def _select(connector: Connector, document: Document, *, ended: bool = False) -> str:
    table = connector.tables[document.table]
    key = key_text("t", table.key)
    handle = key if document.handle == "NULL" else document.handle
    held = ", ".join(f"nullif({field}, '')" for field in document.addresses)
    values = {
        "account": "t._account",
        "service": literal(connector.name),
        "kind": literal(document.kind),
        "id": key,
        "parent_kind": f"{document.parent_kind}::VARCHAR",
        "parent": f"{document.parent}::VARCHAR",
        "title": f"{document.title}::VARCHAR",
        "text": f"{document.text}::VARCHAR",
        "url": f"{document.url}::VARCHAR",
        "author": f"{document.author}::VARCHAR",
        "created": f"{document.created}::TIMESTAMPTZ",
        "updated": f"{document.updated}::TIMESTAMPTZ",
        "table_name": literal(table.name),
        "handle": handle,
        "addresses": f"[{held}]::VARCHAR[]",
        "since": "t._valid_from",
        "run_id": "t._run_id",
    }
    if ended:
        values |= {"ended": "t._valid_to", "ended_by": "t._ended_by", "evidence": "t._evidence"}
    listed = ", ".join(f"{value} AS {quoted(name)}" for name, value in values.items())
    source = f"{quoted(connector.name)}.{quoted(table.name + ('_history' if ended else ''))}"
    return f"SELECT {listed} FROM {source} t WHERE {document.where}"


SEARCH = """
CREATE OR REPLACE MACRO analysis.search(words) AS TABLE
SELECT d.* FROM (
    SELECT *, NULL::TIMESTAMPTZ AS ended, NULL::VARCHAR AS ended_by FROM analysis.documents
    UNION ALL BY NAME SELECT * EXCLUDE (evidence) FROM analysis.documents_history) d
WHERE list_bool_and(list_transform(string_split(strip_accents(lower(words)), ' '), lambda word_:
    contains(strip_accents(lower(concat_ws(' ', d.title, d.text))), word_)))
"""
"""Every document and earlier version that holds all words, in any place: for SQL, unranked and
without an index. `kollect search` and `warehouse.search` rank, and are faster."""

LINK_COLUMNS = {
    "account": "the account of the document that holds the address",
    "service": "its service",
    "kind": "its kind",
    "id": "its id",
    "title": "its title",
    "place": "where the address stands: `title`, `text` or `field`",
    "url": "the address as it stands there",
    "host": "its host, in lower case, without `www.`",
    "address": "host and path without scheme, `www.`, fragment and last slash: equal for one page",
    "anchor": "the words of a Markdown link to it",
    "target_service": "the service whose address it is, as far as the service declares them",
    "target_kind": "the kind of record that it leads to",
    "target_id": "the id of that record, where it is or was in the warehouse",
    "target_state": "`here`, `gone` (the service no longer has it) or `unknown` (never synced); "
    "NULL for addresses that lead to no record",
}


def links(connectors: Iterable[Connector]) -> AnalysisView:
    """Every address in any document, and the record that it leads to."""
    cases: list[str] = []
    for connector in connectors:
        for target in connector.analysis.addresses:
            cases.append(_target(connector.name, target.kind, target.pattern, len(cases)))
    targets = union(cases) if cases else _target("", "", r"([^\s\S])", 0)
    return AnalysisView(
        "links",
        "Every address found in any document, and the synced record that it leads to.",
        LINK_COLUMNS,
        LINKS.format(url=literal(URL), targets=targets),
    )


def _target(service: str, kind: str, pattern: str, order: int) -> str:
    groups = pattern.replace("(?i)", "").replace("(?:", "").replace(r"\(", "").count("(")
    handle = " || '/' || ".join(
        f"regexp_extract(url, {literal(pattern)}, {number})" for number in range(1, groups + 1)
    )
    return (
        f"SELECT url, {literal(service)} AS service, {literal(kind)} AS kind, {handle} AS handle, "
        f"{order} AS number FROM addresses WHERE regexp_matches(url, {literal(pattern)})"
    )


LINKS = r"""
WITH texts AS (
    SELECT account, service, kind, id, title, 'title' AS place, title AS body
    FROM analysis.documents
    WHERE contains(title, '://') AND NOT contains(coalesce(text, ''), title)
    UNION ALL
    SELECT account, service, kind, id, title, 'text', text
    FROM analysis.documents WHERE contains(text, '://')
), found AS (
    SELECT *, unnest(list_distinct(regexp_extract_all(body, {url}))) AS raw FROM texts
), cut AS (
    SELECT * EXCLUDE (raw), regexp_replace(CASE WHEN contains(raw, '(') THEN raw
        ELSE regexp_replace(raw, '\).*$', '') END, '[.,;:!?''*]+$', '') AS url
    FROM found
), trimmed AS (
    SELECT * REPLACE (CASE WHEN ends_with(url, ')')
            AND len(replace(url, '(', '')) > len(replace(url, ')', ''))
        THEN left(url, len(url) - 1) ELSE url END AS url)
    FROM cut
), held AS (
    SELECT account, service, kind, id, title, place, url,
        nullif(regexp_extract(body, '\[([^\]]*)\]\(' || regexp_escape(url), 1), '') AS anchor
    FROM trimmed
    UNION
    SELECT account, service, kind, id, title, 'field', unnest(addresses), NULL
    FROM analysis.documents WHERE len(addresses) > 0
), addresses AS (
    SELECT DISTINCT url FROM held WHERE url IS NOT NULL
), targets AS (
    {targets}
), known AS (
    SELECT service, kind, handle, min(id) AS id, 'here' AS state
    FROM analysis.documents GROUP BY ALL
    UNION ALL
    SELECT service, kind, handle, min(id), 'gone' FROM analysis.documents_history GROUP BY ALL
), reached AS (
    SELECT t.url, arg_min({{'service': t.service, 'kind': t.kind, 'id': k.id,
            'state': coalesce(k.state, 'unknown')}},
        1000 * CASE k.state WHEN 'here' THEN 0 WHEN 'gone' THEN 1 ELSE 2 END + t.number)
        AS target
    FROM targets t LEFT JOIN known k USING (service, kind, handle) GROUP BY t.url
)
SELECT h.account, h.service, h.kind, h.id, h.title, h.place, h.url,
    regexp_replace(lower(regexp_extract(h.url, '^[A-Za-z]+://(?:[^/?#@]*@)?([^/?#:]+)', 1)),
        '^www\.', '') AS host,
    host || regexp_replace(regexp_extract(h.url, '^[A-Za-z]+://[^/?#]*([^#]*)', 1), '/$', '')
        AS address,
    h.anchor, r.target.service AS target_service, r.target.kind AS target_kind,
    r.target.id AS target_id, r.target.state AS target_state
FROM held h LEFT JOIN reached r USING (url)
WHERE contains(h.url, '://')"""
