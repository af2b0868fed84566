-- Every Kippt clip with the list that it lies in, the newest first.
--
-- account: the account that it belongs to
-- clip_id: the clip
-- title: its title
-- url: the page that it points to
-- site: the host of that page
-- list: the title of its list
-- notes: what was noted about it
-- favorite: whether it is a favourite
-- comments: how many comments it has
-- clipped_at: when it was made
SELECT c._account AS account, c.id AS clip_id, c.title, c.url, c.url_domain AS site,
    l.title AS list, c.notes, c.is_favorite AS favorite, c.comments_count AS comments,
    c.created AS clipped_at
FROM kippt.clips c
LEFT JOIN kippt.lists l ON l._account = c._account AND l.id = c.list_id
ORDER BY clipped_at DESC NULLS LAST, clip_id
