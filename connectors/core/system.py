"""Facts of the operating system that several parts go by."""

from __future__ import annotations

import errno
from pathlib import Path

NO_LOCKS = {errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS}
"""How file systems say that they know no locks."""


def boot_id() -> str:
    """The kernel's name for this boot; empty where it gives none."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""
