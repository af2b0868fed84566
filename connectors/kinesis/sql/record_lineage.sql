-- Kinesis API records through their edits. An edit gives a record a new `data_id`: the old record
-- ends in the load that first shows the new one. Both are one record where half of their values or
-- more are equal, and no other pair of that load fits either of them better.
--
-- account: the account that it belongs to
-- project_id: the project
-- collection_id: the collection
-- old_data_id: the id before the edit
-- data_id: the id after it
-- seen_at: when a load saw the edit (UTC)
-- shared: the share of values that are equal, 0.5 to 1
-- old_values: the values before
-- new_values: the values after
WITH ended AS (
    SELECT h._account, h.project_id, h.collection_id, h.data_id, h._valid_to AS seen_at, h."values" AS vals
    FROM kinesis.records_history h WHERE h._ended_by = 'deleted'
), appeared AS (
    SELECT r._account, r.project_id, r.collection_id, r.data_id, r._first_seen_at AS seen_at,
        r."values" AS vals
    FROM kinesis.records r
    UNION ALL
    SELECT h._account, h.project_id, h.collection_id, h.data_id, h._first_seen_at, h."values"
    FROM kinesis.records_history h WHERE h._valid_from = h._first_seen_at
), pairs AS (
    SELECT e._account, e.project_id, e.collection_id, e.data_id AS old_data_id, a.data_id, seen_at,
        e.vals AS old_values, a.vals AS new_values,
        len(list_filter(json_keys(e.vals), lambda k:
            json_extract_string(e.vals, '/' || replace(replace(k, '~', '~0'), '/', '~1'))
            IS NOT DISTINCT FROM
            json_extract_string(a.vals, '/' || replace(replace(k, '~', '~0'), '/', '~1'))))
            / greatest(len(json_keys(e.vals)), 1) AS shared
    FROM ended e JOIN appeared a USING (_account, project_id, collection_id, seen_at)
    WHERE e.data_id <> a.data_id
)
SELECT _account AS account, project_id, collection_id, old_data_id, data_id, seen_at, shared,
    old_values, new_values
FROM pairs
WHERE shared >= 0.5
QUALIFY row_number() OVER (PARTITION BY _account, project_id, collection_id, seen_at, data_id
        ORDER BY shared DESC, old_data_id) = 1
    AND row_number() OVER (PARTITION BY _account, project_id, collection_id, seen_at, old_data_id
        ORDER BY shared DESC, data_id) = 1
