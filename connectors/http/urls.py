"""Addresses that may be asked: those below the base URL, and on its host alone."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlencode, urljoin, urlsplit

from connectors.core.errors import BadSettings, Refused
from connectors.http.redact import safe_url

PORTS = {"http": 80, "https": 443}


def checked_base(url: str) -> str:
    """The base URL without a slash at its end; raises BadSettings for an unusable one."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018  (reading it checks it)
    except ValueError:
        raise BadSettings("base_url is no address") from None
    if parts.scheme not in PORTS or not parts.hostname:
        raise BadSettings(
            f"base_url is no http or https address: {safe_url(url)}",
            guidance="Write base_url as https://host/path.",
        )
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise BadSettings(
            f"base_url holds more than host and path: {safe_url(url)}",
            guidance="Keep users, keys and parameters out of base_url; credentials come from "
            "the environment.",
        )
    return url.rstrip("/")


def joined(base: str, path: str, params: Iterable[tuple[str, str]]) -> str:
    """The address of a request; raises Refused where `path` names another host."""
    url = path if path.startswith(("http://", "https://")) else f"{base}/{path.lstrip('/')}"
    if origin(url) != origin(base):
        raise Refused(
            f"a link leads to another host, which is not asked: {safe_url(url)}",
            guidance="Check base_url: the service seems to live elsewhere.",
        )
    query = urlencode(list(params))
    return f"{url}{'&' if '?' in url else '?'}{query}" if query else url


def redirected(url: str, location: str) -> str:
    """Where a redirect leads; raises Refused unless scheme, host and port stay the same."""
    try:
        target = urljoin(url, location)
        same_host = urlsplit(url).hostname == urlsplit(target).hostname
    except ValueError:
        target, same_host = location, False
    if origin(target) == origin(url):
        return target
    raise Refused(
        f"redirected to another place, which is not followed: {safe_url(target)}",
        guidance="Set base_url to its https address."
        if same_host and target.startswith("https:")
        else "Check base_url: the service seems to live elsewhere.",
    )


def covers_host(pattern: str, host: str) -> bool:
    """Whether a host is the one of a declaration: a name, `*.name` for what lies below it, or `*`
    for any host."""
    return pattern in ("*", host) or (pattern.startswith("*.") and host.endswith(pattern[1:]))


def origin(url: str) -> tuple[str, str, int | None]:
    """Scheme, host and port, alike for addresses that a credential may be sent to alike.

    Empty, and so like no checked address, where the address is broken or brings a user along,
    whose name and password would take the place of the credential.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or PORTS.get(parts.scheme)
    except ValueError:
        return "", "", None
    if "@" in parts.netloc:
        return "", "", None
    return parts.scheme, (parts.hostname or "").lower(), port
