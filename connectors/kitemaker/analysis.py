"""Kitemaker: documents. No page of the service says how its addresses name records."""

from __future__ import annotations

from connectors.core.analysis import Analysis, Document, Stamps

STAMPS: Stamps = {"created": "t.created_at", "updated": "t.updated_at"}
AUTHOR = "coalesce(t.actor_name, t.actor_id)"

ANALYSIS = Analysis(
    documents=(
        Document(
            table="work_items",
            kind="work item",
            title="t.title",
            text="t.description",
            author=AUTHOR,
            parent_kind="'space'",
            parent="t.space_id",
            handle=(
                "(SELECT s.key FROM kitemaker.spaces s WHERE s._account = t._account "
                "AND s.id = t.space_id) || '-' || t.number"
            ),
            **STAMPS,
        ),
        Document(table="spaces", kind="space", title="t.name", **STAMPS),
        Document(
            table="initiatives",
            kind="initiative",
            title="t.title",
            text="t.description",
            author=AUTHOR,
            **STAMPS,
        ),
        Document(
            table="comments",
            kind="comment",
            text="t.body",
            author=AUTHOR,
            parent_kind=(
                "CASE WHEN EXISTS (SELECT 1 FROM kitemaker.initiatives i WHERE i._account = "
                "t._account AND i.id = t.entity_id) THEN 'initiative' ELSE 'work item' END"
            ),
            parent="t.entity_id",
            **STAMPS,
        ),
        Document(
            table="feedback",
            kind="feedback",
            title="t.title",
            text="t.contents",
            author=AUTHOR,
            **STAMPS,
        ),
        Document(
            table="insights",
            kind="insight",
            text="t.contents",
            author=AUTHOR,
            parent_kind="'feedback'",
            parent="t.feedback_id",
            **STAMPS,
        ),
    ),
)
