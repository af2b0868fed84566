"""Moved to `sandbox.core.ranges`."""

from sandbox.core.ranges import ranged

__all__ = ["ranged"]
