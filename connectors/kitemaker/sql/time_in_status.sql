-- How long each Kitemaker work item was in each status, as far as it is known.
--
-- account: the account that it belongs to
-- work_item_id: the work item
-- title: its title
-- status_id: the status; NULL where only activities later than the first step are known
-- status: its name
-- entered_at: when it came there
-- left_at: when it left it; NULL while it is there
-- hours: how long it was there until then, or until now
-- precision: how exactly the moment of entering is known, as in `status_changes`
SELECT c.account, c.work_item_id, c.title, c.to_status_id AS status_id, c.to_status AS status,
    c.changed_at AS entered_at, lead(c.changed_at) OVER item AS left_at,
    round(date_diff('second', c.changed_at, coalesce(lead(c.changed_at) OVER item, now())) / 3600, 2) AS hours,
    c.precision
FROM analysis.status_changes c
WINDOW item AS (PARTITION BY c.account, c.work_item_id ORDER BY c.changed_at, c.precision = 'created' DESC)
