"""Speaking with a service: gently, persistently, and without letting a secret out.

`client` asks, `throttle` keeps the rate, `rules` and `judges` say how a service wants to be
spoken to, `redact` removes secrets. Nothing is re-exported here, so that declarations, which
need `rules` alone, never load the HTTP library.
"""

import sys
from typing import Any, cast

# httpx brings its command line along where `rich` is installed, which takes as long to import as
# all the rest of it. It does without where that cannot be imported.
cast(dict[str, Any], sys.modules).setdefault("httpx._main", None)
