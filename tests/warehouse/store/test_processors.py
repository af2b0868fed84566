"""Which processors threads may use while an account is read."""

from __future__ import annotations

import os
import threading

import pytest

from warehouse.store.processors import PROCESSORS, any_processor, one_processor


@pytest.mark.skipif(not PROCESSORS, reason="this system does not say which processors there are")
def test_readers_share_one_processor_and_typing_may_use_all() -> None:
    """Threads started meanwhile stay with the reader, unless they are let go; afterwards all is
    as before, also after an error."""
    seen: dict[str, set[int]] = {}

    def fetch() -> None:
        seen["fetch"] = os.sched_getaffinity(0)
        any_processor()
        seen["typing"] = os.sched_getaffinity(0)

    with pytest.raises(ZeroDivisionError), one_processor():
        thread = threading.Thread(target=fetch)
        thread.start()
        thread.join()
        raise ZeroDivisionError
    assert len(seen["fetch"]) == 1
    assert seen["typing"] == set(PROCESSORS) == os.sched_getaffinity(0)
