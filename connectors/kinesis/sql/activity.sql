-- Events of Kinesis API in the activity.
SELECT e.happened_at, 'kinesis' AS service, e.account, e.who, e.what, e.kind, e.subject AS id,
    left(e.description, 120) AS title, e.project_id AS place
FROM analysis.kinesis_events e
