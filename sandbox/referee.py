"""Moved to `sandbox.core.referee`."""

from sandbox.core.referee import Referee

__all__ = ["Referee"]
