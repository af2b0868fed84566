"""The control database that the settings name."""

from __future__ import annotations

import atexit
import functools

from pipelines.settings.scale import ScaleSettings
from warehouse.scale.control import Control


@functools.cache
def _control(address: str, password: str) -> Control:
    control = Control(address, password=password)
    atexit.register(control.close)
    return control


def control_of(scale: ScaleSettings) -> Control:
    """The control database: one connection for all accounts of this process."""
    return _control(scale.control, scale.password)
