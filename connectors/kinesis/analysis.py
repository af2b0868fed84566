"""Kinesis API: documents. Media are named by `media_id` in the address of their stream."""

from __future__ import annotations

from connectors.core.analysis import Analysis, Document, RecordAddress

ALL_VALUES = (
    "array_to_string(list_filter(list_concat(json_extract_string(t.\"values\", '$.*'), "
    "json_extract_string(t.custom_values, '$.*.*')), lambda x: x IS NOT NULL), chr(10))"
)

ANALYSIS = Analysis(
    documents=(
        Document(
            table="records",
            kind="record",
            title="""coalesce(json_extract_string(t."values", '$.title'),
                json_extract_string(t."values", '$.name'))""",
            text=ALL_VALUES,
            parent_kind="'collection'",
            parent="t.project_id || '/' || t.collection_id",
        ),
        Document(
            table="collections",
            kind="collection",
            title="t.name",
            text="t.description",
            parent_kind="'project'",
            parent="t.project_id",
        ),
        Document(table="projects", kind="project", title="t.name", text="t.description"),
        Document(table="media", kind="media", title="t.name"),
    ),
    addresses=(RecordAddress("media", r"/media/stream\?(?:[^#\s]*&)?media_id=([A-Za-z0-9_-]+)"),),
)
