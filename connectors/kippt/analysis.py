"""Kippt: documents, and the addresses of clips and lists (`app_url`, `resource_uri`: notes.md)."""

from __future__ import annotations

from connectors.core.analysis import Analysis, Document, RecordAddress

AUTHOR = (
    "coalesce((SELECT u.username FROM kippt.users u WHERE u._account = t._account "
    "AND u.id = t.user_id), t.user_id::VARCHAR)"
)

ANALYSIS = Analysis(
    documents=(
        Document(
            table="clips",
            kind="clip",
            title="t.title",
            text="t.notes",
            url="t.url",
            author=AUTHOR,
            created="t.created",
            updated="t.updated",
            parent_kind="'list'",
            parent="t.list_id::VARCHAR",
            addresses=("t.url",),
        ),
        Document(
            table="lists",
            kind="list",
            title="t.title",
            text="t.description",
            url="'https://kippt.com' || nullif(t.app_url, '')",
            author=AUTHOR,
            created="t.created",
            updated="t.updated",
        ),
        Document(
            table="comments",
            kind="comment",
            text="t.body",
            url="'https://kippt.com/api/clips/' || t.clip_id || '/'",
            author=AUTHOR,
            created="t.created",
            parent_kind="'clip'",
            parent="t.clip_id::VARCHAR",
        ),
    ),
    addresses=(
        RecordAddress("clip", r"(?i)kippt\.com/(?:[^\s]*/)?clips/(\d+)"),
        RecordAddress("list", r"(?i)kippt\.com/(?:[^\s]*/)?lists/(\d+)"),
    ),
)
