"""Full-text search over everything that has text, now or earlier: an index beside the warehouse."""
