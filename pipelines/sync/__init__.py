"""One sync of one account."""
