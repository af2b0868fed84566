"""Hosts that files may be fetched from: an allow-list, and no way into private networks."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from connectors.core.errors import BadSettings
from connectors.core.files import OWN
from connectors.http.urls import PORTS, covers_host

NAME = re.compile(r"[^\s/?#@%]+")
Resolve = Callable[[str], Iterable[str]]


def addresses_of(host: str) -> list[str]:
    """The IP addresses of a host name; none where it cannot be resolved."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    return [str(entry[4][0]) for entry in found]


@dataclass(frozen=True)
class AllowedHost:
    """One entry of the list."""

    scheme: str
    host: str
    """A name, `*.name` for what lies below it, or `*` for any public host."""
    port: int | None
    """None: the scheme's own, or for the account's own host any."""
    path: str
    own: bool = False

    @property
    def wide(self) -> bool:
        """Whether it names no single host: such entries never lead into private networks."""
        return self.host.startswith("*")

    def fits(self, scheme: str, host: str, port: int, path: str) -> bool:
        right_port = self.own or port == (self.port or PORTS[self.scheme])
        right_scheme = scheme == self.scheme or (self.own and scheme == "https")
        # A path that climbs could leave the folder that the entry allows.
        inside = path.startswith(self.path) and not (self.path.strip("/") and "/.." in path)
        return covers_host(self.host, host) and right_port and right_scheme and inside


def read_hosts(entries: Iterable[str], base_url: str) -> tuple[AllowedHost, ...]:
    """The entries of an allow-list; raises BadSettings for one that cannot be used.

    `cdn.example.org`, `*.example.org`, `*`, `example.org:8443`, `example.org/uploads/` mean
    https; `http://nas.local:8080` allows that one host without encryption; `own` is the host of
    the account's base_url.
    """
    return tuple(_read(entry, base_url) for entry in entries)


def _read(entry: str, base_url: str) -> AllowedHost:
    own = entry == OWN
    text = base_url if own else entry
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    host = (parts.hostname or "").lower()
    named = NAME.fullmatch(host) is not None
    usable = named and parts.scheme in PORTS and not parts.query and "@" not in parts.netloc
    if not usable or "*" in host.removeprefix("*"):
        raise BadSettings(
            f"file_hosts has an entry {entry!r}" if not own else "base_url names no host",
            guidance='write hosts as ["cdn.example.org", "*.example.org", "own"]',
        )
    if own:
        return AllowedHost(parts.scheme, host, None, "", own=True)
    return AllowedHost(parts.scheme, host, port, parts.path)


class HostAllowlist:
    """Says whether an address may be fetched, and if not, why."""

    def __init__(self, allowed: Iterable[AllowedHost], resolve: Resolve = addresses_of) -> None:
        self._allowed = tuple(allowed)
        self._resolve = resolve

    def refusal(self, url: str) -> str:
        """Why this address is not fetched, without the address; empty where it may be."""
        try:
            parts = urlsplit(url)
            host, port = (parts.hostname or "").lower(), parts.port
        except ValueError:
            return "its address cannot be read"
        if parts.scheme not in PORTS or not host or "@" in parts.netloc:
            return "its address is no plain http or https address"
        entry = self._entry(parts.scheme, host, port or PORTS[parts.scheme], parts.path)
        if entry is None:
            safe = self._entry("https", host, PORTS["https"], parts.path)
            if parts.scheme == "http" and safe is not None:
                return f"{host} is only fetched by https"
            return f"{host} is not among file_hosts"
        if entry.wide and any(map(is_private, self._addresses(host))):
            return f"{host} lies in a private network"
        return ""

    def refusal_of_peer(self, host: str, address: str) -> str:
        """Why a connection may not be used; empty where it may.

        A name may have another address than a moment ago. An entry that names the host itself
        allows it wherever it is.
        """
        named = any(entry.host == host.lower() for entry in self._allowed)
        return "" if named or not is_private(address) else f"{host} lies in a private network"

    def _entry(self, scheme: str, host: str, port: int, path: str) -> AllowedHost | None:
        fitting = [entry for entry in self._allowed if entry.fits(scheme, host, port, path)]
        # An entry that names the host counts before one that only covers it.
        return min(fitting, key=lambda entry: entry.wide, default=None)

    def _addresses(self, host: str) -> list[str]:
        try:
            return [str(ipaddress.ip_address(host))]
        except ValueError:
            return list(self._resolve(host))


def is_private(address: str) -> bool:
    """Whether an IP address is none of the public internet."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return True
    mapped = getattr(found, "ipv4_mapped", None)
    return not (mapped or found).is_global or found.is_multicast
