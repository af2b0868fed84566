"""What every connector shares: declarations, reading, staging, records, evidence."""
