"""Moved to `sandbox.core.compare`; what may hold more stands in each service's class."""

from sandbox import SERVICES
from sandbox.core.compare import differences

__all__ = ["SUPERSETS", "differences"]

SUPERSETS = {name: service.may_hold_more for name, service in SERVICES.items()}
