-- Activities of Kitemaker, where they are read, in the activity; `made` is known without them.
SELECT a.created_at AS happened_at, 'kitemaker' AS service, a._account AS account,
    coalesce(a.actor_name, a.actor_id) AS who, lower(a.type) AS what, d.kind, a.entity_id AS id,
    left(d.title, 120) AS title, NULL AS place
FROM kitemaker.activities a
LEFT JOIN analysis.documents d ON d.account = a._account AND d.service = 'kitemaker'
    AND d.id = a.entity_id AND d.kind IN ('work item', 'initiative')
WHERE a.type <> 'CREATED'
