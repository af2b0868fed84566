-- Tasks in texts: lines that begin with a check box, as `[] call`, `[x] call` or `- [ ] call`.
--
-- account: the account
-- service: the service
-- kind: the kind of the document
-- id: its id
-- title: its title
-- todo: the words of the task
-- done: whether it is ticked
-- url: an address that shows the document
SELECT account, service, kind, id, title,
    trim(regexp_extract(line, '^\s*(?:[-*+]\s+)?\[[ xX]?\]\s*(.*)$', 1)) AS todo,
    regexp_matches(line, '^\s*(?:[-*+]\s+)?\[[xX]\]') AS done, url
FROM (SELECT account, service, kind, id, title, url, unnest(regexp_split_to_array(text, '\r?\n')) AS line
    FROM analysis.documents WHERE contains(text, '['))
WHERE regexp_matches(line, '^\s*(?:[-*+]\s+)?\[[ xX]?\]\s')
