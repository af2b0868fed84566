-- Users of a Kinesis API instance, whose ids count from 0 in each.
SELECT 'kinesis' AS service, u._account AS account,
    'kinesis/' || u._account || '/' || u.id AS profile, u.id,
    coalesce(nullif(concat_ws(' ', nullif(u.first_name, ''), nullif(u.last_name, '')), ''),
        u.username) AS name,
    u.email, NULL::VARCHAR AS url
FROM kinesis.users u
