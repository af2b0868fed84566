"""How the service words errors, and answers that are spoiled on purpose."""

from __future__ import annotations

import json
from typing import Any

from sandbox.kinesis.listings import LISTINGS, ROW_NAMES
from sandbox.kinesis.payloads import Payloads
from sandbox.service import Response

SPOILED_FORMS = ("empty", "statusless", "string_status", "storage")


def html_page(status: int) -> Response:
    """What the service's framework answers before any handler is asked."""
    text = f"<!DOCTYPE html><html><head><title>{status}</title></head><body>{status}</body></html>"
    return Response.of_text(text, status, "text/html")


class Page(Exception):
    """An error of the framework: an HTML page with its HTTP status."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.response = html_page(status)


class Errors(Payloads):
    """Error bodies in the forms that the switches choose."""

    def error(self, status: int, message: str, *, shape: str | None = None) -> Response:
        """An error body; `shape` is that of the switch `error_shape` unless it is given."""
        body: dict[str, Any]
        match shape or self.settings["error_shape"]:
            case "statusless":
                body = {"error": str(status), "message": message}
            case "string":
                body = {"status": str(status), "message": message}
            case _:
                body = {"status": status, "message": message}
        return Response.of_json(body, status if self.settings["errors"] == "http" else 200)

    def throttled(self, retry_after: float | None) -> Response:
        headers = {} if retry_after is None else {"Retry-After": str(int(retry_after))}
        body = {"status": 429, "message": "Error: Too many requests"}
        status = 429 if self.settings["throttle"] == "http" else 200
        return Response.of_json(body, status, headers)

    def refused(self, status: int) -> Response:
        """401 is the expired token and 403 the missing right in the handlers' words; from
        500 on it is a page in front of the service."""
        if status == 401:
            bad = self.settings["expired_token"]
            return self.error(bad, "Error: Failed decoding JWT (ExpiredSignature)")
        if status == 403:
            return self.error(403, "Error: Not enough privileges to carry out this operation")
        if status == 429:
            return self.throttled(None)
        if status >= 500:
            return html_page(status)
        return self.error(status, f"Error: refused with {status}")

    def rows_in(self, payload: Any) -> list[Any] | None:
        """The rows of a list in any of the forms of `payload_key`."""
        for part in _levels(payload):
            if isinstance(part, list):
                return part
            for name in ROW_NAMES:
                if isinstance(rows := part.get(name), list):
                    return rows
        return None

    def emptied(self, response: Response) -> Response | None:
        """A list as it reads while its file is being rewritten: no rows, and an amount of 0."""
        try:
            payload = json.loads(response.body)
        except ValueError:
            return None
        if not (rows := self.rows_in(payload)):
            return None
        rows.clear()
        for part in _levels(payload):
            if isinstance(part, dict) and "data_ids" in part:
                part["data_ids"] = []
        if "amount" in payload:
            payload["amount"] = 0
        return Response.of_json(payload, response.status, response.headers)

    def spoil_next(self, resource: str, form: str, times: int = 1) -> None:
        """Spoil the next lists of a resource (as in its address): `empty` is status 200
        without rows, `storage` the error 500 of a failed read, `statusless` and
        `string_status` that error in the irregular bodies."""
        if resource not in LISTINGS or form not in SPOILED_FORMS:
            raise ValueError(f"resource is one of {[*LISTINGS]}, form one of {SPOILED_FORMS}")
        with self.lock:
            self.spoiling.setdefault(resource, []).extend([form] * times)

    def spoiled(self, resource: str) -> Response | None:
        """The answer that takes the place of this list, once for each spoiling asked for."""
        waiting = self.spoiling.get(resource)
        if not waiting:
            return None
        form = waiting.pop(0)
        listing = LISTINGS[resource]
        if form != "empty":
            shapes = {"statusless": "statusless", "string_status": "string"}
            message = f"Error: Failed fetching {listing.rows}"
            return self.error(500, message, shape=shapes.get(form))
        body: dict[str, Any] = {"status": 200, "message": "Successfully fetched!"}
        named: dict[str, Any] = {listing.rows: []}
        if resource == "data":
            named["data_ids"] = []
        if self.settings["payload_key"] == "named":
            body |= named
        else:
            body["data"] = [] if self.settings["payload_key"] == "data" else named
        if self.settings["amount"] == "total":
            body["amount"] = 0
        return Response.of_json(body)


def _levels(payload: Any) -> list[Any]:
    """The body and what it holds under `data`: the places where rows can be."""
    if not isinstance(payload, dict):
        return []
    inner = payload.get("data")
    return [payload, inner] if isinstance(inner, dict | list) else [payload]
