-- Users of Kitemaker, and the people who gave feedback.
SELECT 'kitemaker' AS service, u._account AS account, 'kitemaker/user/' || u.id AS profile, u.id,
    coalesce(nullif(u.name, ''), u.username) AS name, NULL::VARCHAR AS email,
    NULL::VARCHAR AS url
FROM kitemaker.users u
UNION ALL
SELECT 'kitemaker', p._account, 'kitemaker/person/' || p.id, p.id, p.name, p.email, NULL
FROM kitemaker.people p
