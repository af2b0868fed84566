-- Tags of Kinescope's videos and playlists.
SELECT DISTINCT lower(tag) AS tag, account, 'kinescope' AS service, kind, id, title,
    'service' AS place
FROM (SELECT v._account AS account, 'video' AS kind, v.id, v.title,
        unnest(json_extract_string(v.tags, '$[*]')) AS tag FROM kinescope.videos v
    UNION ALL
    SELECT p._account, 'playlist', p.id, p.name, unnest(json_extract_string(p.tags, '$[*]'))
    FROM kinescope.playlists p)
