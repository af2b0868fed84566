"""What a run shows when it fails."""

from __future__ import annotations

import multiprocessing
import traceback
from multiprocessing.connection import Connection

from pipelines.orchestration.failures import one_sentence, whole_stacks


def shown(answer: Connection) -> None:
    """Sends two failures as a run's page shows them: one of a key, one of the program."""
    try:
        raise one_sentence("kippt: the service refuses the credential")
    except Exception:  # noqa: BLE001
        answer.send(traceback.format_exc())
    whole_stacks()
    try:
        raise ZeroDivisionError
    except ZeroDivisionError:
        answer.send(traceback.format_exc())


def test_a_run_fails_with_one_sentence_and_a_fault_of_the_program_with_its_stack() -> None:
    """As in the process of a run: the first has no line of code, the second has."""
    here, there = multiprocessing.Pipe()
    run = multiprocessing.get_context("spawn").Process(target=shown, args=(there,))
    run.start()
    refused, broken = here.recv(), here.recv()
    run.join()
    assert "the service refuses the credential" in refused
    assert "File" not in refused
    assert "File" in broken
