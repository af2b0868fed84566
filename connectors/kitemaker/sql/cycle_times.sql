-- How long Kitemaker work items took from the first status in progress to the first done.
--
-- account: the account that it belongs to
-- work_item_id: the work item
-- title: its title
-- created: when it was made
-- started_at: when it first came into a status in progress; NULL where that is not known
-- done_at: when it first came into a status done after that, else when it was closed
-- cycle_hours: from started to done
-- lead_hours: from made to done
-- reopened: how often it left a status done for one that is not
-- precision: `activity` or `sync`, of the moments above
SELECT w._account AS account, w.id AS work_item_id, w.title, w.created_at AS created,
    m.started_at, coalesce(m.done_at, w.closed_at) AS done_at,
    round(date_diff('second', m.started_at, coalesce(m.done_at, w.closed_at)) / 3600, 2)
        AS cycle_hours,
    round(date_diff('second', w.created_at, coalesce(m.done_at, w.closed_at)) / 3600, 2)
        AS lead_hours,
    coalesce(m.reopened, 0) AS reopened, m.precision
FROM kitemaker.work_items w
LEFT JOIN (
    SELECT c.account, c.work_item_id, min(c.changed_at) FILTER (t.type = 'IN_PROGRESS') AS started_at,
        min(c.changed_at) FILTER (t.type = 'DONE') AS done_at,
        count(*) FILTER (f.type = 'DONE' AND t.type IN ('BACKLOG', 'TODO', 'IN_PROGRESS'))
            AS reopened,
        min(c.precision) FILTER (c.precision <> 'created') AS precision
    FROM analysis.status_changes c
    LEFT JOIN kitemaker.statuses t ON t._account = c.account AND t.id = c.to_status_id
    LEFT JOIN kitemaker.statuses f ON f._account = c.account AND f.id = c.from_status_id
    GROUP BY ALL
) m ON m.account = w._account AND m.work_item_id = w.id
