"""The least that any loader does: the bytes over HTTP to a file, and `read_json` of them.

PEER_TOKEN=... python floor.py URL PAGES
"""

from __future__ import annotations

import http.client
import os
import sys
import threading
from pathlib import Path
from urllib.parse import urlsplit

import duckdb

CONNECTIONS = 4
COLUMNS = {
    "id": "VARCHAR", "project_id": "VARCHAR", "folder_id": "VARCHAR", "player_id": "VARCHAR",
    "version": "BIGINT", "title": "VARCHAR", "subtitle": "VARCHAR", "description": "VARCHAR",
    "status": "VARCHAR", "progress": "DOUBLE", "duration": "DOUBLE", "assets": "JSON",
    "chapters": "JSON", "privacy_type": "VARCHAR", "privacy_domains": "JSON", "tags": "JSON",
    "poster": "JSON", "additional_materials": "JSON", "additional_materials_enabled": "BOOLEAN",
    "play_link": "VARCHAR", "embed_link": "VARCHAR", "hls_link": "VARCHAR",
    "created_at": "TIMESTAMPTZ", "updated_at": "TIMESTAMPTZ", "subtitles": "JSON",
    "subtitles_enabled": "BOOLEAN",
}  # fmt: skip


def fetch(url: str, pages: range, file: Path) -> None:
    """Some of the pages, a line each."""
    place = urlsplit(url)
    connection = http.client.HTTPConnection(place.netloc)
    headers = {"Authorization": f"Bearer {os.environ['PEER_TOKEN']}"}
    with file.open("wb") as target:
        for page in pages:
            query = f"/v1/videos?page={page}&per_page=100&order=created_at.asc"
            connection.request("GET", place.path.rstrip("/") + query, headers=headers)
            target.write(connection.getresponse().read() + b"\n")


def main(url: str, pages: int) -> None:
    """Fetch and load; the table is `videos` in `floor.duckdb`."""
    files = [Path(f"pages-{number}.ndjson") for number in range(CONNECTIONS)]
    threads = [
        threading.Thread(target=fetch, args=(url, range(n + 1, pages + 1, CONNECTIONS), file))
        for n, file in enumerate(files)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    record = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
    with duckdb.connect("floor.duckdb") as connection:
        connection.execute("SET preserve_insertion_order = false")
        connection.execute(
            "CREATE TABLE videos AS SELECT unnest(data, max_depth := 2) FROM read_json("
            f"'pages-*.ndjson', format = 'newline_delimited', columns = {{data: "
            f"'STRUCT({record})[]'}})"
        )
        loaded = connection.execute("SELECT count(*) FROM videos").fetchall()
        print(loaded)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
