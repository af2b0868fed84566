"""Moved to `sandbox.core.faults`."""

from sandbox.core.faults import KINDS, Fault

__all__ = ["KINDS", "Fault"]
