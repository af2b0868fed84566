"""The control interface: `/_sandbox/...` beside the service, for tests in other processes.

GET truth, stats, requests, switches, methods, secrets, credentials, faults.
POST switch {name: value, ...}, change {seed}, call {method, args}, fault {kind, ...},
faults/clear, reset, latency {seconds}, limits {on, retry_after}.
Loopback only and without a key; never counted by the referee nor harmed by faults.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from sandbox.core.faults import Fault, FaultPlan
from sandbox.core.messages import Request, Response
from sandbox.core.referee import Referee
from sandbox.core.service import Service

PREFIX = "/_sandbox/"


class Logged(Protocol):
    """One request in a stand-in's log."""

    @property
    def status(self) -> int: ...

    def _asdict(self) -> dict[str, Any]: ...


class Controlled(Protocol):
    """What the control interface reads and changes of a stand-in."""

    service: Service
    referee: Referee
    faults: FaultPlan
    errors: list[str]
    latency_seconds: float

    @property
    def requests(self) -> Sequence[Logged]: ...

    def reset(self) -> None: ...


def answer(stand_in: Controlled, request: Request) -> Response:
    """Carry out one control request: 200 with JSON, 400 with the reason, 404 if unknown."""
    what = request.path.removeprefix(PREFIX).strip("/")
    read = READS.get(what) if request.method == "GET" else None
    try:
        if read is not None:
            return _json(read(stand_in))
        if request.method == "POST" and what in COMMANDS:
            options = request.json() or {}
            if not isinstance(options, dict):
                raise ValueError("the body is to be a JSON object")
            return _json(COMMANDS[what](stand_in, options))
    except (ValueError, TypeError, KeyError, LookupError) as error:
        return _json({"error": f"{type(error).__name__}: {error}"}, 400)
    known = {"GET": sorted(READS), "POST": sorted(COMMANDS)}
    return _json({"error": f"no {request.method} {what}", "known": known}, 404)


def stats(stand_in: Controlled) -> dict[str, Any]:
    """Counts so far: requests, by status, violations, trespasses, faults fired, errors."""
    requests = stand_in.requests
    referee = stand_in.referee
    return {
        "service": stand_in.service.name,
        "requests": len(requests),
        "by_status": {str(k): n for k, n in sorted(Counter(r.status for r in requests).items())},
        "violations": [
            {"time": v.time, "limit": v.window.limit, "seconds": v.window.seconds}
            for v in referee.violations
        ],
        "trespasses": len(referee.trespasses),
        "limits": {"on": referee.on, "retry_after": referee.retry_after},
        "latency_seconds": stand_in.latency_seconds,
        "faults": [fault.to_json() for fault in stand_in.faults.faults],
        "faults_fired": stand_in.faults.fired(),
        "errors": list(stand_in.errors),
    }


def _switch(stand_in: Controlled, options: dict[str, Any]) -> Any:
    for name, value in options.items():
        stand_in.service.switch(name, value)
    return {entry["name"]: entry["value"] for entry in _switches(stand_in)}


def _switches(stand_in: Controlled) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = stand_in.service.switches.describe()
    return found


def _change(stand_in: Controlled, options: dict[str, Any]) -> Any:
    return stand_in.service.change(int(options.get("seed", 1)))


def _call(stand_in: Controlled, options: dict[str, Any]) -> Any:
    service, name, args = stand_in.service, options["method"], options.get("args") or []
    if name not in service.actions():
        raise ValueError(f"{service.name} has no method {name!r}: {sorted(service.actions())}")
    method = getattr(service, name)
    return method(**args) if isinstance(args, dict) else method(*args)


def _fault(stand_in: Controlled, options: dict[str, Any]) -> Any:
    return stand_in.faults.add(Fault.from_json(options)).to_json()


def _clear_faults(stand_in: Controlled, options: dict[str, Any]) -> Any:
    stand_in.faults.clear()
    return []


def _reset(stand_in: Controlled, options: dict[str, Any]) -> Any:
    stand_in.reset()
    return stats(stand_in)


def _latency(stand_in: Controlled, options: dict[str, Any]) -> Any:
    stand_in.latency_seconds = float(options["seconds"])
    return {"seconds": stand_in.latency_seconds}


def _limits(stand_in: Controlled, options: dict[str, Any]) -> Any:
    if "retry_after" in options:
        stand_in.referee.set_retry_after(options["retry_after"])
    stand_in.referee.on = bool(options.get("on", stand_in.referee.on))
    return stats(stand_in)["limits"]


def _json(value: Any, status: int = 200) -> Response:
    body = json.dumps(value, ensure_ascii=False, default=str).encode()
    return Response(status, body, {"Content-Type": "application/json"})


READS: dict[str, Callable[[Controlled], Any]] = {
    "credentials": lambda stand_in: stand_in.service.credentials(),
    "faults": lambda stand_in: [fault.to_json() for fault in stand_in.faults.faults],
    "methods": lambda stand_in: stand_in.service.actions(),
    "requests": lambda stand_in: [entry._asdict() for entry in stand_in.requests],
    "secrets": lambda stand_in: stand_in.service.secrets(),
    "stats": stats,
    "switches": _switches,
    "truth": lambda stand_in: stand_in.service.truth(),
}

COMMANDS: dict[str, Callable[[Controlled, dict[str, Any]], Any]] = {
    "call": _call,
    "change": _change,
    "fault": _fault,
    "faults/clear": _clear_faults,
    "latency": _latency,
    "limits": _limits,
    "reset": _reset,
    "switch": _switch,
}
