-- Numbers that change without making a version: visits, followers, likes, storage. A row for each
-- record and day on which a load saw a new value; on days between, the value was the same.
--
-- day: the day (UTC)
-- account: the account
-- service: the service
-- table_name: the table of the record
-- id: its key, the parts joined by `/`
-- metric: the column
-- value: the last value that was seen on that day
-- growth: how much it differs from the value before; NULL for the first
SELECT m.day, m.account, m.service, m.table_name, m.record_key AS id, m.name AS metric,
    m.value, m.value - lag(m.value) OVER (
        PARTITION BY m.account, m.service, m.table_name, m.record_key, m.name ORDER BY m.day
    ) AS growth
FROM _kollect.metrics m
