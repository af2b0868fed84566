"""How a stand-in of a service is written.

A stand-in is written from the service's API page alone and never imports a connector, so that it
can disagree with one. `sandbox/example` is the smallest; each has files of the same names:

    switches.py   a `Switches` dataclass: what the page leaves open, both forms served
    data.py       the records (dataclasses), a `Clock`, `Store`s by id, and the made data with
                  every documented trap; the same seed and size give the same data
    changes.py    `class Changes(Service)`: `build()` makes the data; each method marked `@action`
                  changes it
    rounds.py     `play`: a random round of these changes (in changes.py where it is little)
    shapes.py     payloads: what the service sends of a record (in routes.py where it is little)
    routes.py     `ROUTES`: a table of `Route("GET", "/things/{thing_id}", function)`
    truth.py      `tables`: the rows of a complete copy, table by table, not by way of payloads;
                  `after_increment`: what an incremental pass must show
    __init__.py   the class: base path, limits, who may ask, how it refuses, secrets

The class (see `Service` for all of it):

    class Things(Changes):
        base_path = "/v1"                     # what a client's base URL has behind the host
        default_size = 40
        routes = ROUTES
        windows = (Window(10, 1.0),)          # the page's limit, or the stand-in's own
        may_hold_more = frozenset(("users",)) # tables of which a copy rightly holds more

        def caller(self, request):            # who asks; None: nobody; raise Refused(401): wrong
        def refusal(self, refused):           # an error in the service's words: Refused -> Response
        def tables(self):                     # table -> rows, by truth.py
        def after_increment(self, before, now):
        def round(self, rng, seed):           # a random round of changes, told in sentences
        def files(self), file(self, request)  # only where the service names files: `true_file`
        def secrets(self), credentials(self)

A route's function gets a `Call` (service, request, query, caller) and the parts of its path:

    def things(call: Call[Changes]) -> dict[str, Any]:
        found = by_number(call.query, list(call.service.things.values()), usual=10, most=100)
        return {"meta": {"total": found.total}, "data": [payload(row) for row in found.rows]}

It returns the payload, or a `Response` where that is not JSON with status 200, or raises
`Refused(status, message, **details)`: the one way to refuse, from any depth. `store.find(id)`
refuses with 404. Pages: `by_number`, `by_offset`, `by_cursor` (`whole_number` for other
parameters). A path outside the table is 404, another method 405. What comes before routing
(maintenance, redirects, a second protocol) overrides `respond`, the last touch to every answer
(a request id) overrides `finish`; both call `super()`. `Service.answer` holds the lock around all
of it, and calls the hooks in `after_answer` under it, so no other code locks anything.

`after_increment(before, now)` follows the rules of the API page, never what a client asked:
tables that are read whole are as `now`; `lagging(before, now, key, shown)` makes a table in which
only the rows for which `shown` holds must be as they are now, and others may still be as before.

`blob(name)` makes the bytes of a file, `true_file` the row that a copy's file is compared with.
Addresses of files begin with one of `file_hosts` and are moved to the running FileHost in every
answer and in the truth. `pick` reads plain fields of a record, `set_fields` and `put` change
fields and lists.

One line in `sandbox/__init__.py` registers the service. Around it come, without further code: the
server (`StandIn`), limits (`Referee`), faults (`Fault`, all kinds in `KINDS`), the control
interface (`sandbox.core.control`), comparison (`differences`), and the tests over all stand-ins in
`tests/sandbox/test_every_stand_in.py`.
"""

from sandbox.core.blobs import blob, served, true_file
from sandbox.core.compare import Lagging, differences, lagging
from sandbox.core.faults import KINDS, Fault
from sandbox.core.file_host import FileHost
from sandbox.core.messages import Refused, Request, Response
from sandbox.core.paging import by_cursor, by_number, by_offset, whole_number
from sandbox.core.referee import Referee, Violation
from sandbox.core.registry import Registry, StandIns
from sandbox.core.routes import Call, Route
from sandbox.core.server import StandIn
from sandbox.core.service import Row, Service, Tables, Window, action
from sandbox.core.store import Clock, Store, pick, put, set_fields
from sandbox.core.switches import Switches, any_value, one_of

__all__ = [
    "KINDS",
    "Call",
    "Clock",
    "Fault",
    "FileHost",
    "Lagging",
    "Referee",
    "Refused",
    "Registry",
    "Request",
    "Response",
    "Route",
    "Row",
    "Service",
    "StandIn",
    "StandIns",
    "Store",
    "Switches",
    "Tables",
    "Violation",
    "Window",
    "action",
    "any_value",
    "blob",
    "by_cursor",
    "by_number",
    "by_offset",
    "differences",
    "lagging",
    "one_of",
    "pick",
    "put",
    "served",
    "set_fields",
    "true_file",
    "whole_number",
]
