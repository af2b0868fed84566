-- The events of Kinesis API with what their descriptions name, as columns.
--
-- account: the account that it belongs to
-- id: the event
-- happened_at: when it happened
-- user_id: the user who did it
-- who: that user's name, else the id
-- kind: what it was done to: user, project, collection, structure, data, route ...
-- what: create, update, delete, publish, update_name ...
-- subject: the id in the description, such as a record's `data_id`
-- project_id: the project that the event's page belongs to
-- description: the description as it came
SELECT e._account AS account, e.id, e.timestamp AS happened_at, e.user_id,
    coalesce(u.username, e.user_id) AS who,
    regexp_extract(e.event_type, '^(custom_structure|[a-z]+)_(.+)$', 1) AS kind,
    regexp_extract(e.event_type, '^(custom_structure|[a-z]+)_(.+)$', 2) AS what,
    coalesce(nullif(regexp_extract(e.description, '<([^<>]+)>', 1), ''),
        nullif(regexp_extract(e.description, '^usr\[[^\]]*\].*?(?:usr|pro|col)\[([^\]]*)\]', 1), ''))
        AS subject,
    nullif(regexp_extract(e.redirect, '^/project/([^/?#]+)', 1), '') AS project_id, e.description
FROM (SELECT *, nullif(regexp_extract(description, '^usr\[([^\]]*)\]', 1), '') AS user_id
    FROM kinesis.events) e
LEFT JOIN kinesis.users u ON u._account = e._account AND u.id = e.user_id
