-- Moderators of Kinescope.
SELECT 'kinescope' AS service, m._account AS account, 'kinescope/' || m.user_id AS profile,
    m.user_id AS id, m.username AS name, m.email, NULL::VARCHAR AS url
FROM kinescope.moderators m
