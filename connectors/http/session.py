"""The values for headers and parameters: the credential, and what a login adds to it."""

from __future__ import annotations

import copy
import string
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from connectors.core.errors import (
    BadCredential,
    BadSettings,
    KollectError,
    Missing,
    Retriable,
    Skippable,
)
from connectors.http.config import HttpConfig, Parts, Request
from connectors.http.response import Answer

OPEN_PARTS = frozenset({"uid", "username"})
"""Parts of a credential that are no secret: masking a uid of "1" would spoil every text."""
FAILED_LOGIN_SECONDS = 300.0
"""A login that failed after all its attempts is not tried anew for so long: neither by the threads
that waited for it nor by the next tables."""
RENEW_EARLY = 0.1
"""A session is renewed when a tenth of its life is left, at most a minute: a request that is
under way when the session ends would be refused."""


def parts_in(templates: Iterable[str]) -> set[str]:
    """The names between braces in some templates."""
    found = (string.Formatter().parse(template) for template in templates)
    return {name for template in found for _, name, _, _ in template if name}


def fill(templates: Mapping[str, str], parts: Parts) -> dict[str, str]:
    """The templates with the parts put in; raises BadSettings where a part is missing."""
    try:
        return {name: template.format_map(parts) for name, template in templates.items()}
    except KeyError as missing:
        raise BadSettings(f"the credential lacks its part {missing}") from None


def params_of(config: HttpConfig, parts: Parts) -> list[tuple[str, str]]:
    """The query parameters that travel with every request."""
    return list(fill(config.params, parts).items())


def headers_of(config: HttpConfig, request: Request, parts: Parts, login: bool) -> dict[str, str]:
    """The request's own headers over the service's, names in lower case.

    A login goes without the headers that it is still to earn. Raises BadCredential, without
    the value, where a part holds what no header can carry.
    """
    templates = {name.lower(): template for name, template in config.headers.items()}
    templates |= {name.lower(): template for name, template in request.headers}
    if login:
        templates = {n: t for n, t in templates.items() if parts_in([t]) <= parts.keys()}
    headers = fill(templates, parts)
    for name, value in headers.items():
        if not (value.isascii() and value.isprintable()):
            raise BadCredential(f"the credential for {name} holds characters that cannot be sent")
    if request.file is not None:
        headers.setdefault("content-type", request.file.content_type)
        headers["content-length"] = str(request.file.length)
    elif request.body is not None:
        headers.setdefault("content-type", "application/json")
    return headers


def secret_parts(parts: Parts) -> frozenset[str]:
    """The values among the parts that no text may show."""
    return frozenset(value for name, value in parts.items() if name not in OPEN_PARTS)


@dataclass(frozen=True)
class SessionParts:
    """The credential and session in use; `number` grows with each login."""

    parts: Parts
    number: int
    renew_at: float | None = None


class Session:
    """Logs in before the first request if needed, and again when a session has ended.

    Threads share one session: while one logs in, the others wait for its result, be it a failure.
    A refused login is not tried again, since services lock accounts after a few.
    """

    def __init__(
        self,
        config: HttpConfig,
        credential: Parts,
        *,
        clock: Callable[[], float],
        send: Callable[[Request, Parts, bool], Answer],
        variables: Iterable[str] = (),
    ) -> None:
        """`send` asks with the given parts; its last argument says if it is a renewal."""
        self._credential = given = {name: value for name, value in credential.items() if value}
        self._login = config.login
        self._clock = clock
        self._send = send
        self._lock = threading.Lock()
        self._failure: KollectError | None = None
        self._failed_at = 0.0
        self._held = SessionParts(given, 0)
        needed = parts_in([*config.headers.values(), *config.params.values()])
        lacking = sorted(needed - given.keys())
        names = " or ".join(variables)
        self._incomplete = BadSettings(
            f"the credential lacks its {' and '.join(lacking)}",
            guidance=f"Set {names} in the environment." if names else "",
        )
        for name in sorted(needed & given.keys()):
            if given[name] != given[name].strip():
                raise BadCredential(f"the {name} begins or ends with a blank or a line break")
        self.renewable = bool(lacking) and self._login is not None
        if lacking and self._login is None:
            raise self._incomplete

    def current(self) -> SessionParts:
        """The parts to send now; logs in or renews where that is due."""
        held = self._held
        if not self.renewable or (held.number and not self._due(held)):
            return held
        with self._lock:
            held = self._held
            if not held.number:
                return self._log_in()
            return self._renew(held) if self._due(held) else held

    def again(self, ended: SessionParts) -> SessionParts:
        """New parts after `ended` was refused; another thread's login since then will do."""
        with self._lock:
            return self._log_in() if self._held.number == ended.number else self._held

    def _due(self, held: SessionParts) -> bool:
        return held.renew_at is not None and self._clock() >= held.renew_at

    def _log_in(self) -> SessionParts:
        assert self._login is not None
        self._raise_failure()
        try:
            request = self._login.request(self._credential)
        except KeyError:
            raise self._incomplete from None
        try:
            return self._keep(self._send(request, self._credential, False))
        except Missing as error:
            failure: KollectError = BadSettings(
                f"there is no login at this address: {error.what}",
                guidance="Check base_url, with its prefix if the server has one.",
                where=error.where,
                status=error.status,
                account=error.account,
            )
        except Skippable as error:
            failure = BadCredential(
                f"the login was refused: {error.what}",
                where=error.where,
                status=error.status,
                account=error.account,
            )
        except (BadCredential, Retriable) as error:
            failure = error
        self._failure, self._failed_at = failure, self._clock()
        raise copy.copy(failure)

    def _renew(self, held: SessionParts) -> SessionParts:
        login = self._login
        assert login is not None
        if login.renew is None:
            return self._log_in()
        self._raise_failure()
        try:
            return self._keep(self._send(login.renew(held.parts), held.parts, True))
        except (BadCredential, Skippable):
            # A renewal is a courtesy; the password still counts.
            return self._log_in()
        except Retriable as error:
            self._failure, self._failed_at = error, self._clock()
            raise

    def _raise_failure(self) -> None:
        """Raises what the last login failed with: a refusal for good, a fault for minutes."""
        failure = self._failure
        if failure is None:
            return
        recent = self._clock() - self._failed_at < FAILED_LOGIN_SECONDS
        if recent or not isinstance(failure, Retriable):
            raise copy.copy(failure)

    def _keep(self, answer: Answer) -> SessionParts:
        assert self._login is not None
        try:
            new = dict(self._login.token(answer.payload))
        except (KeyError, TypeError):
            new = {}
        if not new or not all(isinstance(value, str) and value for value in new.values()):
            raise BadCredential("the login was answered without a token")
        life = self._login.life(answer.payload) if self._login.life else None
        renew_at = None
        if life is not None and life > 0:
            renew_at = self._clock() + life - min(60.0, life * RENEW_EARLY)
        self._failure = None
        parts = {**self._credential, **new}
        self._held = SessionParts(parts, self._held.number + 1, renew_at)
        return self._held
