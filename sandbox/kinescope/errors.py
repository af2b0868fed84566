"""The service's refusals, all in its one shape of error (page, section 5)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.service import Response

MESSAGES: Mapping[int, tuple[int, str]] = {
    400: (400400, "validation error"),
    401: (100102, "unauthorized"),
    402: (400207, "not enough money"),
    403: (100103, "access denied"),
    404: (404404, "no such entity"),
    413: (413413, "request entity too large"),
    422: (400400, "validation error"),
    429: (429429, "too many requests"),
    500: (500500, "internal server error"),
}
"""Code and message by status; the codes of 413 and 429 are invented, no source has them."""


class Refusal(Exception):
    """Raised anywhere below `answer`: the request ends with this response."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response


def error(status: int, code: int, message: str, **more: Any) -> Response:
    return Response.of_json({"error": {"code": code, "message": message, **more}}, status)


def of_status(status: int) -> Response:
    """The error that fits a status; other server errors come as 500500 do."""
    code, message = MESSAGES.get(status, MESSAGES[500])
    return error(status, code, message)


def not_found() -> Refusal:
    return Refusal(of_status(404))


def no_video() -> Refusal:
    detail = "The requested video does not exist or has been deleted"
    return Refusal(error(404, 404404, "video not found", detail=detail))


def bad_order(field: str) -> Refusal:
    return Refusal(error(400, 400216, "not allowed order field", detail=field))


def invalid(form: str, name: str, reason: str, message: str) -> Refusal:
    """A parameter is missing or wrong; `form` is the switch `validation_errors`."""
    if form == "openapi":
        return Refusal(error(400, 402402, "validation error", detail=f"{name}: {message}"))
    problem = {"name": name, "reason": reason, "message": message}
    return Refusal(error(422, 400400, "validation error", invalid_params=[problem]))
