"""What can go wrong on purpose, and the proof that it did.

A fault that could not do its harm (no rows to reorder, an error answer to truncate) does
not count as fired and stays armed.
"""

from __future__ import annotations

import fnmatch
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from email.utils import formatdate
from typing import Any

from sandbox.core.asked import asked_for, clamped, is_first, list_of, place_of
from sandbox.core.harm import Delivery, Harm, harmed
from sandbox.core.messages import Request, Response
from sandbox.core.service import Service

KINDS: dict[str, str] = {
    "body": "status 200 with `body` as JSON, whatever was asked for (null, a message, ...)",
    "clamped_page": "a page of at most `rows` rows, however many were asked for",
    "clock_jump": "the service's clock jumps by `seconds`, the answer is the ordinary one",
    "cut_list": "only the first `rows` rows; totals and addresses of further pages as before",
    "duplicate_rows": "the first row of the answer comes twice",
    "empty_list": "no rows where rows were",
    "forbidden": "403 (give `match`)",
    "html": "status 200 with an HTML page",
    "invalid_json": "status 200, JSON by its content type, not by its text",
    "parameter_refused": "400 where the request has the optional `parameter`",
    "refuse": "connection reset, and no new one is accepted for `seconds`",
    "reordered_rows": "the rows of the answer in another order",
    "repeated_page": "the page before once more, its rows and its cursor (not for a first page)",
    "reset": "connection reset before the first byte",
    "reset_in_body": "connection reset after half of the body",
    "short_body": "half of the body under the Content-Length of the whole, then the end",
    "slow_body": "the body at `bytes_per_second`",
    "stall": "nothing for `seconds`, then the ordinary answer",
    "status": "`status` (500, 502, 429, ...), Retry-After if `retry_after` is set",
    "throttled": "the service's own words for too many requests; then silence for `seconds`",
    "token_died": "401 (from the n-th request on: `after`, `times` = None)",
    "truncated": "half of the body, with a Content-Length that fits it",
    "wrong_content_type": "the ordinary body as text/plain",
}


@dataclass
class Fault:
    """One thing that goes wrong: where, when, how often.

    match: pattern of the path, `*` for anything; a plain text without `*` matches inside.
    times: how often at most (None = always); after: matching requests that pass first;
    share: probability for each matching request, drawn from `seed`.
    """

    kind: str
    match: str = "*"
    times: int | None = 1
    after: int = 0
    share: float = 1.0
    seed: int = 1
    method: str | None = None
    status: int = 500
    retry_after: float | None = None
    retry_after_form: str = "seconds"
    seconds: float = 0.0
    bytes_per_second: float = 1000.0
    rows: int = 2
    body: Any = None
    parameter: str = ""
    fired: int = field(default=0, init=False)
    seen: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"a fault's kind is one of {sorted(KINDS)}, not {self.kind!r}")
        self._random = random.Random(self.seed)
        self._lock = threading.Lock()

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Fault:
        """A fault from its JSON form; raises ValueError for a name that no fault has."""
        known = {entry.name for entry in fields(cls) if entry.init}
        if unknown := sorted(set(value) - known):
            raise ValueError(f"a fault has no {unknown}; it has {sorted(known)}")
        if "kind" not in value:
            raise ValueError(f"a fault needs a kind: one of {sorted(KINDS)}")
        return cls(**value)

    def to_json(self) -> dict[str, Any]:
        return {entry.name: getattr(self, entry.name) for entry in fields(self)}

    def claim(self, request: Request) -> bool:
        """Whether the fault is due for this request; if so it counts as fired."""
        if self.method is not None and self.method != request.method:
            return False
        pattern = self.match if "*" in self.match else f"*{self.match}*"
        if not fnmatch.fnmatchcase(request.path, pattern):
            return False
        with self._lock:
            self.seen += 1
            if self.seen <= self.after or (self.times is not None and self.fired >= self.times):
                return False
            if self.share < 1.0 and self._random.random() >= self.share:
                return False
            self.fired += 1
            return True

    def give_back(self) -> None:
        """Undo one claim: there was nothing to harm."""
        with self._lock:
            self.fired -= 1


class FaultPlan:
    """All faults of one stand-in; several may strike one request, in the order given."""

    def __init__(
        self,
        service: Service,
        *,
        punish: Callable[[float], None] = lambda seconds: None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.faults: list[Fault] = []
        self._service = service
        self._punish = punish
        self._sleep = sleep
        self._pages: dict[str, Request] = {}
        """The page of each list that was asked for last."""

    def add(self, fault: Fault | str, **options: Any) -> Fault:
        """Arm one fault, given whole or as its kind and options; returns it."""
        armed = fault if isinstance(fault, Fault) else Fault(fault, **options)
        self.faults.append(armed)
        return armed

    def clear(self) -> None:
        """Disarm all faults; their counters keep what they have."""
        self.faults.clear()

    def fired(self, kind: str | None = None) -> int:
        """How many faults (of one kind) have struck since they were armed."""
        return sum(fault.fired for fault in self.faults if kind in (None, fault.kind))

    def deliver(self, request: Request) -> Delivery:
        """The answer to a request as the faults let it through."""
        listed = list_of(request)
        before = self._pages.get(listed)
        self._pages[listed] = request
        if not self.faults:
            return Delivery(self._service.answer(request))
        struck = [fault for fault in list(self.faults) if fault.claim(request)]
        instead: Delivery | None = None
        after: list[Fault] = []
        for fault in struck:
            if fault.kind == "stall":
                self._sleep(fault.seconds)
            elif fault.kind == "clock_jump":
                self._service.jump_clock(fault.seconds)
            elif instead is not None:
                fault.give_back()  # an earlier fault took the place of the answer
            else:
                instead = self._instead(fault, request)
                if instead is None:
                    after.append(fault)
        if instead is not None:
            for fault in after:
                fault.give_back()
            return instead
        asked = request
        for fault in [fault for fault in after if fault.kind in ("clamped_page", "repeated_page")]:
            after.remove(fault)
            if fault.kind == "clamped_page":
                other = clamped(asked, fault.rows)
            else:
                other = None if is_first(asked) else before
            if other is None or (other is before and place_of(other) == place_of(asked)):
                fault.give_back()
            else:
                asked = other
        delivery = Delivery(self._service.answer(asked))
        for fault in after:
            harm = Harm(fault.kind, fault.rows, fault.bytes_per_second, fault.body)
            changed = harmed(self._service, harm, delivery)
            if changed is None:
                fault.give_back()
            delivery = changed or delivery
        return delivery

    def _instead(self, fault: Fault, request: Request) -> Delivery | None:
        """What comes instead of an answer, or None where one is still to be made."""
        match fault.kind:
            case "status":
                return Delivery(_with_retry_after(self._service.refused(fault.status), fault))
            case "throttled":
                if fault.seconds:
                    self._punish(fault.seconds)
                return Delivery(_with_retry_after(self._service.throttled(None), fault))
            case "parameter_refused" if fault.parameter in asked_for(request):
                return Delivery(self._service.refused(400))
            case "token_died":
                return Delivery(self._service.refused(401))
            case "forbidden":
                return Delivery(self._service.refused(403))
            case "reset":
                return Delivery(Response(0), reset=True, cut_at=0)
            case "refuse":
                seconds = fault.seconds
                return Delivery(Response(0), reset=True, cut_at=0, refuse_seconds=seconds)
        return None


def _with_retry_after(response: Response, fault: Fault) -> Response:
    if fault.retry_after is None:
        return response
    value = str(int(fault.retry_after))
    if fault.retry_after_form == "date":
        value = formatdate(time.time() + fault.retry_after, usegmt=True)
    return replace(response, headers={**response.headers, "Retry-After": value})
