"""The registry of connectors: name -> connector, in alphabetical order, imported when asked for."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from connectors.core.connector import Connector

SERVICES = ("kinescope", "kinesis", "kinopio", "kippt", "kitemaker")


def connector(service: str) -> Connector:
    """The connector of a service; raises KeyError for a service that kollect does not know."""
    if service not in SERVICES:
        raise KeyError(service)
    module = import_module(f"connectors.{service}")
    found: Connector = getattr(module, service.upper())
    return found
