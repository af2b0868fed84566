"""Failures of a run that its page shows as one sentence."""

from __future__ import annotations

import contextlib
import multiprocessing
import sys
from collections.abc import Iterator
from typing import Any

import dagster as dg

from connectors.core.errors import KollectError

WHOLE_STACK = 1000
"""Python's own limit of a shown stack."""


def one_sentence(sentence: str, /, **figures: Any) -> dg.Failure:
    """To be raised: the step fails with this sentence, and is not tried again.

    Dagster would show its own stack below, which tells nobody anything about a refused key. So the
    stack is left out where the process serves one run; `whole_stacks` brings it back.
    """
    if multiprocessing.parent_process() is not None:
        sys.tracebacklimit = 0
    return dg.Failure(sentence, figures or None, allow_retries=False)


def whole_stacks() -> None:
    """What goes wrong from now on is a fault of the program and shown with its stack."""
    if multiprocessing.parent_process() is not None:
        sys.tracebacklimit = WHOLE_STACK


@contextlib.contextmanager
def failures_in_one_line() -> Iterator[None]:
    """An error of kollect becomes a failure with its one line, without a stack of code."""
    try:
        yield
    except KollectError as error:
        raise one_sentence(str(error)) from None
