"""The service's addresses: login, lists, single records, files."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote

from sandbox.core.ranges import ranged
from sandbox.kinesis.access import Access
from sandbox.kinesis.errors import Page
from sandbox.kinesis.listings import LISTINGS, Listing
from sandbox.kinesis.model import Collection, Constraint, Project, User
from sandbox.kinesis.pictures import content_type, picture
from sandbox.kinesis.tokens import Refusal
from sandbox.service import Request, Response


class Answers(Access):
    """Everything that a client may ask."""

    tokens_sent_to_files = 0
    """Requests for files that carried an Authorization header."""

    def answer(self, request: Request) -> Response:
        """Answer, then call `after_answer`; raises nothing for whatever is asked."""
        with self.lock:
            try:
                response = self._answer(request)
            except Refusal as refusal:
                response = self.error(refusal.status, refusal.message)
            except Page as page:
                response = page.response
            self.answered += 1
            for call in list(self.after_answer):
                call(request, self.answered)
            return response

    def _answer(self, request: Request) -> Response:
        path = unquote(request.path)
        if request.method == "GET":
            if path in ("/", "/scalar"):
                return Response.of_text("<html><body>Kinesis API</body></html>", 200, "text/html")
            if path == "/media/stream":
                return self._sent(request, self._stream(request.query))
            if path[1:] in self.store.files:
                return self._sent(request, self._file(path[1:]))
        prefix = str(self.settings["api_prefix"])
        if not path.startswith(f"{prefix}/"):
            raise Page(404)
        return self._api(request, path[len(prefix) + 1 :])

    def _api(self, request: Request, path: str) -> Response:
        typed = request.headers.get("content-type", "").startswith("application/json")
        if not typed and (request.method != "GET" or self.settings["get_needs_content_type"]):
            raise Page(404)
        match (request.method, path):
            case ("POST", "user/login"):
                return self.login(request)
            case ("POST", "user/login/jwt") if self.settings["renewal"]:
                return self.renew(request)
            case ("GET", "user/verify"):
                return self.verify(request)
        resource, _, action = path.partition("/")
        if request.method != "GET" or resource not in LISTINGS:
            raise Page(404)
        suffix = self.settings["list_suffix"]
        if action in ("fetch", "fetch/all") and suffix in (action, "both"):
            return self._list(request, resource)
        if action == "fetch/one" or (resource, action) == ("routing", "fetch/one/kdl"):
            return self._one(request, resource, as_text=action.endswith("kdl"))
        raise Page(404)

    def _list(self, request: Request, resource: str) -> Response:
        listing = LISTINGS[resource]
        user = self.caller(request, request.query.get("uid"), *listing.asks_for)
        self._check_rights(request, resource, listing, user)
        if (spoiled := self.spoiled(resource)) is not None:
            return spoiled
        rows = self._rows(resource, request.query, user)
        newest_first = "newest_first" in (
            self.settings["event_order"] if resource == "event" else self.settings["list_order"],
        )
        total = len(rows)
        rows = self._page(rows[::-1] if newest_first else rows, request.query)
        payload = [self._payload(resource, row, request.query) for row in rows]
        named: dict[str, Any] = {listing.rows: payload}
        if resource == "data":
            named["data_ids"] = [row["data_id"] for row in payload]
        words = f"{listing.rows if resource != 'data' else 'data'} successfully fetched!"
        return self._envelope(words.capitalize(), named, total)

    def _one(self, request: Request, resource: str, *, as_text: bool) -> Response:
        listing = LISTINGS[resource]
        query = request.query
        user = self.caller(request, query.get("uid"), *listing.asks_for, listing.key)
        wanted = query[listing.key]
        if not (resource == "user" and str(self.user_id(user.number)) == wanted):
            self._check_rights(request, resource, listing, user)
        if resource == "project":
            self._member_project(wanted, user)
        for row in self._rows(resource, query, user):
            payload = self._payload(resource, row, query)
            if str(payload[_key_of(resource)]) != wanted:
                continue
            shown: Any = payload["value"] if resource == "config" else payload
            if as_text:
                shown = row.program
            named = {listing.single: shown}
            if resource in ("data", "routing"):
                named[listing.key] = wanted
            return self._envelope(f"{listing.noun} successfully fetched!", named)
        raise Refusal(404, _no_such(listing))

    def _check_rights(self, request: Request, resource: str, listing: Listing, user: User) -> None:
        lacks = self.settings["token_lacks"]
        limited = resource in lacks and self.token_of(request) == self.tokens.access_token
        if limited or (listing.roles and self.role(user) not in listing.roles):
            raise Refusal(403, "Not enough privileges to carry out this operation")

    def _rows(self, resource: str, query: dict[str, str], user: User) -> Sequence[Any]:
        """All records that the user may see: projects of others are left out silently."""
        match resource:
            case "user":
                return self.store.users
            case "config":
                return list(self.store.configs.items())
            case "constraint":
                components: dict[str, list[Constraint]] = {}
                for part in self.store.constraints:
                    components.setdefault(part.component_name, []).append(part)
                return list(components.values())
            case "project":
                sees_all = self.role(user) == "ROOT"
                found = self.store.projects
                return [part for part in found if sees_all or user.number in part.members]
            case "media":
                return self.store.medias
            case "event":
                return self.store.events
        project = self._member_project(query["project_id"], user)
        if resource == "routing":
            return project.routes
        if resource == "collection":
            return project.collections
        return self._find_collection(project, query["collection_id"]).records

    def _member_project(self, project_id: str, user: User) -> Project:
        try:
            project = self.project(project_id)
        except KeyError:
            raise Refusal(404, _no_such(LISTINGS["project"])) from None
        if self.role(user) != "ROOT" and user.number not in project.members:
            raise Refusal(403, "Not authorized to access this Project")
        return project

    def _find_collection(self, project: Project, collection_id: str) -> Collection:
        for collection in project.collections:
            if collection.id == collection_id:
                return collection
        raise Refusal(404, _no_such(LISTINGS["collection"]))

    def _payload(self, resource: str, row: Any, query: dict[str, str]) -> dict[str, Any]:
        match resource:
            case "user":
                return self.user_payload(row)
            case "config":
                return self.config_payload(row)
            case "constraint":
                return self.constraint_payload(row)
            case "project":
                return self.project_payload(row)
            case "media":
                return self.media_payload(row)
            case "event":
                return self.event_payload(row)
        project = self.project(query["project_id"])
        if resource == "routing":
            return self.route_payload(project, row)
        if resource == "collection":
            return self.collection_payload(project, row)
        return self.record_payload(self._find_collection(project, query["collection_id"]), row)

    def _page(self, rows: Sequence[Any], query: dict[str, str]) -> Sequence[Any]:
        """The part asked for; what cannot be read as a number counts as absent."""
        limit = _number(query.get("limit")) or int(self.settings["default_limit"])
        if most := int(self.settings["maximum_limit"]):
            limit = min(limit or most, most)
        if not limit:
            return rows
        offset = _number(query.get("offset"))
        start = offset if self.settings["offset_unit"] == "item" else offset * limit
        return rows[start : start + limit]

    def _envelope(self, message: str, named: dict[str, Any], amount: int | None = None) -> Response:
        body: dict[str, Any] = {"status": 200, "message": message}
        match self.settings["payload_key"]:
            case "data":
                first, *others = named
                body |= {"data": named[first], **{name: named[name] for name in others}}
            case "data_object":
                body["data"] = named
            case _:
                body |= named
        if amount is not None and self.settings["amount"] == "total":
            body["amount"] = amount
        return Response.of_json(body)

    # Files

    def _file(self, path: str) -> Response:
        name = self.store.files[path]
        return Response(200, picture(name), {"Content-Type": content_type(name)})

    def _sent(self, request: Request, whole: Response) -> Response:
        """A file, or the part asked for; no token has to come along, so none should."""
        self.tokens_sent_to_files += "authorization" in request.headers
        return ranged(request, whole)

    def _stream(self, query: dict[str, str]) -> Response:
        for media in self.store.medias:
            if media.id == query.get("media_id") and media.security == "PRIVATE":
                if query.get("access_token") != media.access_token:
                    raise Refusal(403, "Not authorized to access this Media")
                if media.name in self.store.files:
                    return self._file(media.name)
        raise Refusal(404, _no_such(LISTINGS["media"]))


def _key_of(resource: str) -> str:
    """The field of a record that its single address names."""
    own = {"config": "name", "constraint": "component_name"}
    return own.get(resource) or {"data": "data_id", "routing": "route_id"}.get(resource, "id")


def _no_such(listing: Listing) -> str:
    if listing.key == "target_uid":
        return "Account with this uid not found"
    return f"No {listing.noun} with this {listing.key} found"


def _number(text: str | None) -> int:
    """A whole number that is not negative; 0 for anything else."""
    return int(text) if text and re.fullmatch(r"[0-9]{1,18}", text) else 0
