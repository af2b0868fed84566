-- Who did what when, in all services; sort by `happened_at`.
--
-- happened_at: when it happened, as the service says
-- service: the service
-- account: the account
-- who: the name of who did it, else their id; NULL where the service does not say
-- what: `made`, `changed`, or what the service calls it
-- kind: what it was done to
-- id: the id of that
-- title: its name or text, cut at 120 characters
-- place: the title of what holds it: a space, a project, a list
SELECT e.happened_at, d.service, d.account, e.who, e.what, d.kind, d.id,
    left(coalesce(d.title, d.text), 120) AS title, p.title AS place
FROM analysis.documents d
CROSS JOIN LATERAL (
    SELECT d.created AS happened_at, d.author AS who, 'made' AS what
    UNION ALL
    SELECT CASE WHEN d.updated > d.created + to_seconds(1) THEN d.updated END, NULL, 'changed'
) e
LEFT JOIN analysis.documents p ON p.account = d.account AND p.service = d.service
    AND p.kind = d.parent_kind AND p.id = d.parent
WHERE e.happened_at IS NOT NULL
