-- How large each Kinopio space is, the largest first, and when it was edited last.
--
-- account: the account that it belongs to
-- space_id: the space
-- space: its name
-- privacy: who may see it
-- removed: whether it was removed and can be restored
-- cards: cards in it, removed ones left out
-- removed_cards: removed cards that can be restored
-- connections: lines between cards
-- boxes: boxes that group cards
-- collaborators: people who may edit it
-- last_card_at: when the newest card was made
-- edited_at: when a card was edited last, as the service says
SELECT s._account AS account, s.id AS space_id, s.name AS space, s.privacy,
    s.is_removed AS removed,
    (SELECT count(*) FROM kinopio.cards c
        WHERE c._account = s._account AND c.space_id = s.id
        AND c.is_removed IS DISTINCT FROM true) AS cards,
    (SELECT count(*) FROM kinopio.cards c
        WHERE c._account = s._account AND c.space_id = s.id AND c.is_removed) AS removed_cards,
    (SELECT count(*) FROM kinopio.connections n
        WHERE n._account = s._account AND n.space_id = s.id) AS connections,
    (SELECT count(*) FROM kinopio.boxes b
        WHERE b._account = s._account AND b.space_id = s.id) AS boxes,
    (SELECT count(*) FROM kinopio.space_collaborators p
        WHERE p._account = s._account AND p.space_id = s.id) AS collaborators,
    (SELECT max(c.created_at) FROM kinopio.cards c
        WHERE c._account = s._account AND c.space_id = s.id) AS last_card_at,
    s.edited_at
FROM kinopio.spaces s
ORDER BY cards DESC, space, space_id
