"""Local stand-ins of the five services: for tests, the demo and a first look."""

from sandbox.all_services import SERVICES, Sandbox
from sandbox.faults import KINDS, Fault
from sandbox.referee import Referee, Violation
from sandbox.server import StandIn
from sandbox.service import Request, Response, Service, Switch, Window

__all__ = [
    "KINDS",
    "SERVICES",
    "Fault",
    "Referee",
    "Request",
    "Response",
    "Sandbox",
    "Service",
    "StandIn",
    "Switch",
    "Violation",
    "Window",
]
