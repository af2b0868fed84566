"""Kinopio: documents, and the addresses of spaces and cards.

A space is shown at `https://kinopio.club/<slug>-<id>`, a card at `<that>/<card id>`: ids have 21
characters (notes.md).
"""

from __future__ import annotations

from connectors.core.analysis import Analysis, Document, RecordAddress

ID = "[A-Za-z0-9_-]{21}"
AUTHOR = (
    "coalesce((SELECT u.name FROM kinopio.users u WHERE u._account = t._account "
    "AND u.id = t.user_id), t.user_id)"
)
SPACE_PAGE = "'https://kinopio.club/' || t.space_id"
LINKED = (
    "'https://kinopio.club/' || nullif(t.link_to_space_id, '') "
    "|| coalesce('/' || nullif(t.link_to_card_id, ''), '')"
)


def _in_space(table: str, kind: str) -> Document:
    """Something with a name that lies in a space."""
    return Document(
        table=table,
        kind=kind,
        title="t.name",
        url=SPACE_PAGE,
        author=AUTHOR,
        created="t.created_at",
        updated="t.updated_at",
        parent_kind="'space'",
        parent="t.space_id",
    )


ANALYSIS = Analysis(
    documents=(
        Document(
            table="spaces",
            kind="space",
            title="t.name",
            text="t.note",
            url="'https://kinopio.club/' || coalesce(nullif(t.url, ''), t.id)",
            author=AUTHOR,
            created="t.created_at",
            updated="coalesce(t.edited_at, t.updated_at)",
        ),
        Document(
            table="cards",
            kind="card",
            title="left(split_part(t.name, chr(10), 1), 120)",
            text="t.name",
            url=f"{SPACE_PAGE} || '/' || t.id",
            author=AUTHOR,
            created="t.created_at",
            updated="t.updated_at",
            parent_kind="'space'",
            parent="t.space_id",
            addresses=(LINKED, "t.url_preview_url"),
        ),
        _in_space("boxes", "box"),
        _in_space("lists", "list"),
        _in_space("connections", "connection"),
    ),
    addresses=(
        RecordAddress("card", rf"(?i)kinopio\.club/(?:[^/?#\s]*-)?({ID})/({ID})(?:[/?#]|$)"),
        RecordAddress("space", rf"(?i)kinopio\.club/(?:[^/?#\s]*-)?({ID})(?:[/?#]|$)"),
    ),
)
