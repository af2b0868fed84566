-- When Kitemaker work items changed their status: from activities where these are read, else from
-- the versions that syncs saw.
--
-- account: the account that it belongs to
-- work_item_id: the work item
-- title: its title
-- changed_at: when its status changed: the activity's time, else the work item's own time of change
-- from_status_id: the status before; NULL for the first known one
-- to_status_id: the status after
-- from_status: the name of the status before
-- to_status: the name of the status after
-- who: who changed it, where activities are read
-- precision: `activity` (exact), `sync` (between the sync before and this one) or `created`
WITH versions AS (
    SELECT w._account, w.id, w.status_id, w.status_name, w._valid_from, w.updated_at, w.created_at
    FROM kitemaker.work_items w
    UNION ALL
    SELECT h._account, h.id, h.status_id, h.status_name, h._valid_from, h.updated_at, h.created_at
    FROM kitemaker.work_items_history h
), logged AS (
    SELECT a._account, a.entity_id AS id, a.created_at AS moved_at, json_extract_string(a.details, '$.to') AS status_id,
        coalesce(a.actor_name, a.actor_id) AS who
    FROM kitemaker.activities a
    WHERE a.type = 'STATUS_CHANGED' AND json_extract_string(a.details, '$.to') IS NOT NULL
), seen AS (
    SELECT *, lag(status_id) OVER item AS before, row_number() OVER item AS number
    FROM versions WINDOW item AS (PARTITION BY _account, id ORDER BY _valid_from)
), steps AS (
    SELECT _account, id, status_id, who, moved_at AS at, 'activity' AS precision FROM logged
    UNION ALL
    SELECT s._account, s.id, s.status_id, NULL, least(s.updated_at, s._valid_from), 'sync'
    FROM seen s WHERE s.number > 1 AND s.status_id IS DISTINCT FROM s.before
        AND NOT EXISTS (FROM logged l WHERE l._account = s._account AND l.id = s.id)
    UNION ALL
    SELECT s._account, s.id, CASE WHEN EXISTS (FROM logged l WHERE l._account = s._account
        AND l.id = s.id) THEN NULL ELSE s.status_id END, NULL, s.created_at, 'created'
    FROM seen s WHERE s.number = 1
)
SELECT s._account AS account, s.id AS work_item_id, w.title, s.at AS changed_at,
    lag(s.status_id) OVER moves AS from_status_id, s.status_id AS to_status_id,
    lag(t.name) OVER moves AS from_status, t.name AS to_status, s.who, s.precision
FROM steps s
LEFT JOIN kitemaker.work_items w ON w._account = s._account AND w.id = s.id
LEFT JOIN kitemaker.statuses t ON t._account = s._account AND t.id = s.status_id
WINDOW moves AS (PARTITION BY s._account, s.id ORDER BY s.at, s.precision = 'created' DESC)
