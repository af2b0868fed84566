"""Syncs of several machines: leases, rate budgets and shards, as `[scale]` sets them."""
