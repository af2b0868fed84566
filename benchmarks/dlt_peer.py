"""dlt doing the same work, as well as we could set it up; runs in its own environment.

    PEER_TOKEN=... python dlt_peer.py children|arrow URL PAGES DATABASE

`children`: parquet files, four pages at a time, two workers, child tables made by dlt.
`arrow`: the resource yields Arrow tables of the plain columns itself, several pages at a time.
"""

import os
import sys
import threading

os.environ.update(
    RUNTIME__DLTHUB_TELEMETRY="false",
    EXTRACT__WORKERS="4",
    EXTRACT__MAX_PARALLEL_ITEMS="16",
    NORMALIZE__WORKERS="2",
    LOAD__WORKERS="4",
    NORMALIZE__DATA_WRITER__FILE_MAX_ITEMS="200000",
    SOURCES__DATA_WRITER__FILE_MAX_ITEMS="25000",
)

import dlt
import orjson
import pyarrow as pa
import requests

mode, url, pages, database = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
local = threading.local()
TEXTS = (
    "id", "project_id", "folder_id", "player_id", "title", "subtitle", "description", "status",
    "privacy_type", "play_link", "embed_link", "hls_link",
)  # fmt: skip
FLAGS = ("additional_materials_enabled", "subtitles_enabled", "annotation_text_enabled",
         "annotation_video_enabled")  # fmt: skip


def page_of(number):
    session = getattr(local, "session", None)
    if session is None:
        session = local.session = requests.Session()
        session.headers["Authorization"] = f"Bearer {os.environ['PEER_TOKEN']}"
        session.trust_env = False
    query = f"page={number}&per_page=100&order=created_at.asc"
    return orjson.loads(session.get(f"{url}/v1/videos?{query}").content)["data"]


@dlt.resource(selected=False)
def numbers():
    yield from range(1, pages + 1)


def inner(rows, name, field, kind):
    return pa.array([(row.get(name) or {}).get(field) for row in rows], kind)


def text(value):
    return None if value is None else orjson.dumps(value).decode()


def table_of(rows):
    columns = {name: pa.array([r.get(name) for r in rows], pa.string()) for name in TEXTS}
    columns["version"] = pa.array([r.get("version") for r in rows], pa.int64())
    for name in ("progress", "duration"):
        columns[name] = pa.array([r.get(name) for r in rows], pa.float64())
    for name in FLAGS:
        columns[name] = pa.array([r.get(name) for r in rows], pa.bool_())
    for name in ("tags", "privacy_domains"):
        columns[name] = pa.array([text(r.get(name)) for r in rows], pa.string())
    for name in ("enabled", "show_on_load"):
        columns[f"chapters_{name}"] = inner(rows, "chapters", name, pa.bool_())
    for name in ("id", "status", "original"):
        columns[f"poster_{name}"] = inner(rows, "poster", name, pa.string())
    for name in ("created_at", "updated_at"):
        times = pa.array([r.get(name) for r in rows], pa.string())
        columns[name] = times.cast(pa.timestamp("us", "UTC"))
    return pa.table(columns)


if mode == "children":
    as_json = {name: {"data_type": "json"} for name in ("tags", "privacy_domains")}

    @dlt.transformer(data_from=numbers, name="videos", write_disposition="append", columns=as_json)
    @dlt.defer
    def videos(number):
        return page_of(number)
else:

    @dlt.transformer(data_from=numbers, name="videos", write_disposition="append")
    @dlt.defer
    def videos(number):
        return table_of(page_of(number))


pipeline = dlt.pipeline(
    mode,
    destination=dlt.destinations.duckdb(database),
    dataset_name="loaded",
    pipelines_dir=database + ".state",
)
pipeline.extract(numbers | videos, loader_file_format="parquet")
pipeline.normalize()
pipeline.load()
with pipeline.sql_client() as client:
    found = client.execute_sql("SELECT count(*) FROM videos")
assert found[0][0] == len(page_of(pages)) + 100 * (pages - 1), found
print("dlt", dlt.__version__, found)
