-- Users of Kippt.
SELECT 'kippt' AS service, u._account AS account, 'kippt/' || u.id AS profile, u.id::VARCHAR AS id,
    coalesce(nullif(u.full_name, ''), u.username) AS name, NULL::VARCHAR AS email,
    u.website_url AS url
FROM kippt.users u
