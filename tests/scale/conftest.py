"""Each test has an empty control database on a server of the tests' own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING

import pytest

from tests.kit.postgres import postgres

if TYPE_CHECKING:
    from warehouse.scale.control import Control


@pytest.fixture
def address() -> str:
    """The address of an empty database."""
    return postgres().database()


@pytest.fixture
def machine(address: str) -> Iterator[Callable[..., Control]]:
    """Makes what each machine has: its own connection, which beats four times a second."""
    from warehouse.scale.control import Control

    with ExitStack() as held:
        yield lambda **more: held.enter_context(
            closing(Control(address, **{"lease_seconds": 1.5, "beat_seconds": 0.25, **more}))
        )
