"""From a path to the function that answers it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from sandbox.kinescope.lists import Asked
from sandbox.kinescope.state import State
from sandbox.service import Response

Answer = Callable[[State, Asked], Any]
"""Returns the payload to send as JSON, or a finished response."""
CsvAnswer = Callable[[Any], Response]

_exact: dict[str, Answer] = {}
_patterns: list[tuple[re.Pattern[str], Answer]] = []
_csv: set[Answer] = set()


def get(template: str, *, csv: bool = False) -> Callable[[Answer], Answer]:
    """Declare what answers GET on this path; `{name}` stands for one part of it.

    `csv`: the path with `.csv` behind it gives CSV; elsewhere it gives JSON all the same.
    """

    def declare(answer: Answer) -> Answer:
        if "{" in template:
            pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template.replace(".", r"\."))
            _patterns.append((re.compile(pattern), answer))
        else:
            _exact[template] = answer
        if csv:
            _csv.add(answer)
        return answer

    return declare


def find(path: str) -> tuple[Answer, dict[str, str]] | None:
    """The function declared for this path and the ids in it."""
    exact = _exact.get(path)
    if exact is not None:
        return exact, {}
    for pattern, answer in _patterns:
        match = pattern.fullmatch(path)
        if match:
            return answer, {name: unquote(part) for name, part in match.groupdict().items()}
    return None


def gives_csv(answer: Answer) -> bool:
    return answer in _csv
