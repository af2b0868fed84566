-- Kinopio's journal and inbox spaces. A journal has a phase of the moon; the inbox is the newest
-- space of that name (https://help.kinopio.club, notes.md).
--
-- account: the account that it belongs to
-- space_id: the space
-- space: its name
-- role: `journal` or `inbox`
-- created: when it was made
-- moon_phase: the phase of the moon, for a journal
SELECT s._account AS account, s.id AS space_id, s.name AS space,
    CASE WHEN s.moon_phase <> '' THEN 'journal' ELSE 'inbox' END AS role,
    s.created_at AS created, nullif(s.moon_phase, '') AS moon_phase
FROM kinopio.spaces s
WHERE s.is_removed IS DISTINCT FROM true AND (s.moon_phase <> '' OR (s.name = 'Inbox' AND s.id = (
    SELECT arg_max(i.id, i.created_at) FROM kinopio.spaces i
    WHERE i._account = s._account AND i.name = 'Inbox' AND i.is_removed IS DISTINCT FROM true)))
