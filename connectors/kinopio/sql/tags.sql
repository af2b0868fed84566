-- Tags of Kinopio's cards.
SELECT DISTINCT lower(t.name) AS tag, t._account AS account, 'kinopio' AS service, 'card' AS kind,
    t.space_id || '/' || t.card_id AS id, left(c.name, 120) AS title, 'service' AS place
FROM kinopio.tags t
JOIN kinopio.cards c ON c._account = t._account AND c.space_id = t.space_id AND c.id = t.card_id
