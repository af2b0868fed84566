"""Downloading the files that records name."""
