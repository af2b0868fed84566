-- Clips of Kippt in the recent activity.
SELECT coalesce(c.updated, c.created) AS at, 'kippt' AS service, c._account AS account,
    'clip' AS kind,
    CASE WHEN c.updated > c.created + INTERVAL 1 SECOND THEN 'changed' ELSE 'made' END AS what,
    left(c.title, 120) AS title, l.title AS place, c.id::VARCHAR AS id
FROM kippt.clips c
LEFT JOIN kippt.lists l ON l._account = c._account AND l.id = c.list_id
