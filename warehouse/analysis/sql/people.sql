-- Persons across services and accounts. Profiles are one person only where that is proved: by the
-- same e-mail address, or the same user of one service. Equal names prove nothing.
--
-- person: the e-mail address in lower case, else the profile
-- name: the name in one of the profiles
-- email: the address
-- services: the services that know the person
-- profiles: the profiles: service, account, id, name
-- proof: `email` or `id` where several profiles are one person; NULL for a single one
WITH marked AS (
    SELECT *, nullif(lower(trim(max(email) OVER (PARTITION BY profile))), '') AS address
    FROM analysis.profiles
)
SELECT coalesce(address, profile) AS person, min(name) AS name, min(address) AS email,
    list_sort(list(DISTINCT service)) AS services,
    list({'service': service, 'account': account, 'id': id, 'name': name}
        ORDER BY service, account, id) AS profiles,
    CASE WHEN count(DISTINCT profile) > 1 THEN 'email' WHEN count(*) > 1 THEN 'id' END AS proof
FROM marked
GROUP BY coalesce(address, profile)
