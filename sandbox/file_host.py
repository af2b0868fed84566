"""Moved to `sandbox.core.file_host`."""

from sandbox.core.file_host import FileHost

__all__ = ["FileHost"]
