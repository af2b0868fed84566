-- What Kinescope stores for each project and quality: files, bytes and playing time.
--
-- account: the account that it belongs to
-- project_id: the project
-- project: its name
-- quality: the quality of the files, `original` for what was uploaded
-- videos: videos that have such a file
-- files: files of this quality
-- bytes: what they take together
-- hours: playing time of their videos together
SELECT v._account AS account, v.project_id, p.name AS project, a.quality,
    count(DISTINCT v.id) AS videos, count(*) AS files,
    sum(a.file_size)::BIGINT AS bytes, round(sum(v.duration) / 3600, 2) AS hours
FROM kinescope.video_assets a
JOIN kinescope.videos v ON v._account = a._account AND v.id = a.video_id
LEFT JOIN kinescope.projects p ON p._account = v._account AND p.id = v.project_id
GROUP BY ALL
ORDER BY bytes DESC NULLS LAST, project, quality
