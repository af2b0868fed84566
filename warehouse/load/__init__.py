"""One load: staging, validation, merge, ends and ledger in one transaction."""
