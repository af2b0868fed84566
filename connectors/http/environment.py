"""Proxies and certificates as the environment names them; errors name the variable."""

from __future__ import annotations

import functools
import importlib.util
import os
import re
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

import certifi
import httpcore
import truststore

from connectors.core.errors import BadSettings

PROXY_SCHEMES = ("http", "https")
SOCKS = ("socks5", "socks5h")
SOCKS_PORT = 1080
CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR")


@dataclass(frozen=True)
class ProxySetting:
    """A proxy, and where it is set."""

    source: str
    """The environment variable, or words where the system says it otherwise."""
    address: str = field(repr=False)
    """It may hold a user and a password."""


def check_environment(url: str) -> None:
    """Raise BadSettings where the proxy or the certificates that the environment names for an
    address cannot be used, so that this is said before the first request."""
    parts = urlsplit(url)
    if setting := proxy_for(parts.scheme, parts.hostname or ""):
        proxy_of(setting)
    if parts.scheme == "https":
        trusted_certificates()


def proxy_for(scheme: str, host: str) -> ProxySetting | None:
    """The proxy through which a host is reached, if any: `HTTPS_PROXY`, `ALL_PROXY`, `NO_PROXY`."""
    proxies = getproxies()
    for name in (scheme, "all"):
        address = proxies.get(name, "").strip()
        if address and not _needs_no_proxy(host):
            variables = (f"{name}_proxy", f"{name}_proxy".upper())
            source = next((each for each in variables if os.environ.get(each)), "the system")
            return ProxySetting(source, address if "://" in address else f"http://{address}")
    return None


def _needs_no_proxy(host: str) -> bool:
    """Whether NO_PROXY names a host: by name, by its end, or by a network of IP addresses."""
    if proxy_bypass(host):
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return False
    listed = os.environ.get("no_proxy") or os.environ.get("NO_PROXY") or ""
    return any(address in network for network in map(_network, re.split(r"[,\s]+", listed)))


def _network(entry: str) -> Sequence[object] | IPv4Network | IPv6Network:
    """The network of an entry: `10.0.0.0/8`, `fe80::/10`, `[::1]`; an empty one for a name."""
    try:
        return ip_network(re.sub(r"^\[(.*)\](:\d+)?$", r"\1", entry), strict=False)
    except ValueError:
        return ()


def proxy_of(setting: ProxySetting) -> httpcore.Proxy:
    """The proxy for httpcore. Raises BadSettings for one that cannot be used."""
    try:
        parts = urlsplit(setting.address)
        port = parts.port
    except ValueError:
        raise _unusable(setting, "which is no address") from None
    if parts.scheme not in (*PROXY_SCHEMES, *SOCKS):
        hint = " (SOCKS is written socks5://)" if parts.scheme.startswith("socks") else ""
        raise _unusable(setting, f"which begins with {parts.scheme}://{hint}")
    if not parts.hostname:
        raise _unusable(setting, "which names no host")
    if parts.scheme in SOCKS and importlib.util.find_spec("socksio") is None:
        raise BadSettings(
            f"{setting.source} names a SOCKS proxy, for which a package is missing",
            guidance='Install it: pip install "kollect[socks]".',
        )
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    auth = None
    if parts.username is not None:
        auth = (unquote(parts.username), unquote(parts.password or ""))
    usual = f":{SOCKS_PORT}" if parts.scheme in SOCKS else ""
    url = f"{parts.scheme}://{host}{f':{port}' if port else usual}"
    return httpcore.Proxy(url, auth=auth)


def _unusable(setting: ProxySetting, why: str) -> BadSettings:
    return BadSettings(
        f"{setting.source} names a proxy, {why}",
        guidance=f"Set {setting.source} to http://host:port, or unset it; hosts that need no "
        "proxy are named in NO_PROXY.",
    )


def trusted_certificates() -> ssl.SSLContext:
    """The authorities that are trusted: those of `SSL_CERT_FILE` or `SSL_CERT_DIR` where one is
    set, else those of the system and of certifi.

    Raises BadSettings, with the variable, where they cannot be read.
    """
    variable = next((name for name in CERTIFICATES if os.environ.get(name)), "")
    place = os.environ.get(variable, "")
    if variable and not Path(place).exists():
        raise BadSettings(
            f"{variable} names {place}, which is not there",
            guidance=f"Correct {variable}, or unset it.",
        )
    try:
        return _context(variable, place)
    except (OSError, ssl.SSLError) as error:
        raise BadSettings(
            f"the certificates in {place or 'the certifi package'} cannot be read: {error}",
            guidance=f"Correct {variable}, or unset it." if variable else "Install kollect again.",
        ) from None


@functools.cache
def _context(variable: str, place: str) -> ssl.SSLContext:
    """One for all clients of the process: reading the system's certificates takes its time."""
    if variable == "SSL_CERT_FILE":
        return ssl.create_default_context(cafile=place)
    if variable == "SSL_CERT_DIR":
        return ssl.create_default_context(capath=place)
    context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # A container may have no certificates of its own.
    context.load_verify_locations(certifi.where())
    return context
