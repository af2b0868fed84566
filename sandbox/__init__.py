"""Local stand-ins of the services: for tests, the demo and a first look.

`SERVICES` is the registry, one line for each service. `sandbox.core` says how one is written.
"""

from sandbox.core import (
    KINDS,
    Fault,
    FileHost,
    Referee,
    Registry,
    Request,
    Response,
    Service,
    StandIn,
    StandIns,
    Violation,
    Window,
)

SERVICES = Registry(
    {
        "kinescope": "sandbox.kinescope:Kinescope",
        "kinesis": "sandbox.kinesis:Kinesis",
        "kinopio": "sandbox.kinopio:Kinopio",
        "kippt": "sandbox.kippt:Kippt",
        "kitemaker": "sandbox.kitemaker:Kitemaker",
    }
)


class Sandbox(StandIns):
    """Stand-ins of the registered services; see `StandIns`."""

    registry = SERVICES


__all__ = [
    "KINDS",
    "SERVICES",
    "Fault",
    "FileHost",
    "Referee",
    "Request",
    "Response",
    "Sandbox",
    "Service",
    "StandIn",
    "Violation",
    "Window",
]
