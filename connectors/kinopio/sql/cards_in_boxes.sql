-- Which Kinopio card lies in which box: its middle is inside of the box. A card in nested boxes has
-- a row for each, the smallest box with `depth` 1.
--
-- account: the account that it belongs to
-- space_id: the space
-- box_id: the box
-- box: its name
-- card_id: the card
-- card: its text
-- depth: 1 for the smallest box around the card, 2 for the next
SELECT b._account AS account, b.space_id, b.id AS box_id, b.name AS box, c.id AS card_id,
    c.name AS card, row_number() OVER (PARTITION BY c._account, c.space_id, c.id
        ORDER BY b.resize_width * b.resize_height, b.id) AS depth
FROM kinopio.boxes b
JOIN kinopio.cards c ON c._account = b._account AND c.space_id = b.space_id
    AND c.x + coalesce(c.width, 0) / 2 BETWEEN b.x AND b.x + b.resize_width
    AND c.y + coalesce(c.height, 0) / 2 BETWEEN b.y AND b.y + b.resize_height
WHERE c.is_removed IS DISTINCT FROM true
