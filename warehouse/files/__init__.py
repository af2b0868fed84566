"""Downloaded files: their bytes by content, and the ledger of what records name."""
