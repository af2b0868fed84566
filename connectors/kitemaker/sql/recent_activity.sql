-- Work items of Kitemaker in the recent activity.
SELECT coalesce(w.updated_at, w.created_at) AS at, 'kitemaker' AS service, w._account AS account,
    'work item' AS kind,
    CASE WHEN w.updated_at > w.created_at + INTERVAL 1 SECOND THEN 'changed' ELSE 'made' END AS what,
    left(w.title, 120) AS title, w.space_name AS place, w.id
FROM kitemaker.work_items w
