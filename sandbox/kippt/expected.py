"""What a copy holds after an incremental pass: not all that changed shows in one.

Comments, likes, saves and deletes move no `updated`, and nothing else tells of them. So of a
clip that no answer showed since, everything is as it was; followers and notifications are not
asked for at all. Lists and favourites are read whole each time.
"""

from __future__ import annotations

from typing import Any

Tables = dict[str, list[dict[str, Any]]]
READ_WHOLE = ("lists", "list_collaborators", "favorites")
ABOUT_CLIPS = {"clips": "id", "comments": "clip_id", "clip_likes": "clip_id",
               "clip_saves": "clip_id"}  # fmt: skip


def after_increment(before: Tables, now: Tables, told: set[int]) -> Tables:
    """From what the copy held, what is true, and the clips that answers showed meanwhile."""
    found: Tables = {}
    for table, rows in now.items():
        if table in READ_WHOLE:
            found[table] = rows
        elif table in ABOUT_CLIPS:
            of = ABOUT_CLIPS[table]
            still = [row for row in before[table] if row[of] not in told]
            found[table] = still + [row for row in rows if row[of] in told]
        elif table == "users":
            # A profile shows with whatever its user did; those who are as they were are there.
            found[table] = [row for row in rows if row in before[table]]
        else:
            found[table] = before[table]
    return found
