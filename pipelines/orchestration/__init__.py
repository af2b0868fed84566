"""Dagster: assets, checks, schedules, alerts."""
