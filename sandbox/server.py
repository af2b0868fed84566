"""Moved to `sandbox.core.server`."""

from sandbox.core.server import StandIn

__all__ = ["StandIn"]
