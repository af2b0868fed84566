-- Labels of Kitemaker's work items and initiatives.
SELECT lower(l.name) AS tag, w._account AS account, 'kitemaker' AS service, 'work item' AS kind,
    w.id, w.title, 'service' AS place
FROM kitemaker.work_item_labels b
JOIN kitemaker.work_items w ON w._account = b._account AND w.id = b.work_item_id
JOIN kitemaker.labels l ON l._account = b._account AND l.id = b.label_id
UNION ALL
SELECT lower(l.name), i._account, 'kitemaker', 'initiative', i.id, i.title, 'service'
FROM kitemaker.initiative_labels b
JOIN kitemaker.initiatives i ON i._account = b._account AND i.id = b.initiative_id
JOIN kitemaker.labels l ON l._account = b._account AND l.id = b.label_id
