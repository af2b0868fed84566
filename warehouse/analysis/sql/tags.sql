-- Tags of documents: those that the service keeps, and `#tag` and `[[tag]]` in texts.
--
-- tag: the tag in lower case, without its marks
-- account: the account
-- service: the service
-- kind: the kind of the document
-- id: its id
-- title: its title
-- place: `service` where the service keeps the tag, else `text`
SELECT DISTINCT lower(tag) AS tag, account, service, kind, id, title, 'text' AS place
FROM (SELECT account, service, kind, id, title, unnest(list_concat(
        regexp_extract_all(text, '\[\[([^\[\]\n]+)\]\]', 1),
        regexp_extract_all(text, '(?:^|\s)#([\p{L}\p{N}_][\p{L}\p{N}_-]*)', 1))) AS tag
    FROM analysis.documents WHERE contains(text, '#') OR contains(text, '[['))
