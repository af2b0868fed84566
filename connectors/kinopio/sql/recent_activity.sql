-- What was made or changed lately in all services, the newest first.
--
-- at: when it happened, as the service says
-- service: the service
-- account: the account
-- kind: what it is about
-- what: made or changed
-- title: its name or text, cut at 120 characters
-- place: where it lies: a space, a project, a list
-- id: its id at the service
SELECT coalesce(c.updated_at, c.created_at) AS at, 'kinopio' AS service, c._account AS account,
    'card' AS kind,
    CASE WHEN c.updated_at > c.created_at + INTERVAL 1 SECOND THEN 'changed' ELSE 'made' END AS what,
    left(c.name, 120) AS title, s.name AS place, c.id
FROM kinopio.cards c
LEFT JOIN kinopio.spaces s ON s._account = c._account AND s.id = c.space_id
WHERE c.is_removed IS DISTINCT FROM true
