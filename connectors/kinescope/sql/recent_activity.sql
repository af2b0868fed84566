-- Videos of Kinescope in the recent activity.
SELECT coalesce(v.updated_at, v.created_at) AS at, 'kinescope' AS service, v._account AS account,
    'video' AS kind,
    CASE WHEN v.updated_at > v.created_at + INTERVAL 1 SECOND THEN 'changed' ELSE 'made' END AS what,
    left(v.title, 120) AS title, p.name AS place, v.id
FROM kinescope.videos v
LEFT JOIN kinescope.projects p ON p._account = v._account AND p.id = v.project_id
