-- Every user record of every account, as the services show them.
--
-- service: the service
-- account: the account whose data show it
-- profile: the record among all services: equal only for the same user of one service
-- id: the id at the service
-- name: the name
-- email: the address, where the service shows one
-- url: the person's page, as they wrote it
SELECT 'kinopio' AS service, u._account AS account, 'kinopio/' || u.id AS profile, u.id, u.name,
    NULL::VARCHAR AS email, u.website AS url
FROM kinopio.users u
