-- Kitemaker work items that are neither closed nor archived, by space and status.
--
-- account: the account that it belongs to
-- space: the space
-- status: the status
-- status_type: what the status means: backlog, todo, in progress, done
-- items: how many work items
-- oldest_at: when the oldest of them was made
-- changed_at: when one of them was changed last
SELECT w._account AS account, w.space_name AS space, w.status_name AS status,
    s.type AS status_type, count(*) AS items, min(w.created_at) AS oldest_at,
    max(w.updated_at) AS changed_at
FROM kitemaker.work_items w
LEFT JOIN kitemaker.statuses s ON s._account = w._account AND s.id = w.status_id
WHERE w.closed_at IS NULL AND w.archived_at IS NULL
GROUP BY ALL
ORDER BY account, space, items DESC, status
