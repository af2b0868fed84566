"""Proxies and certificates as the environment names them; errors name the variable."""

from __future__ import annotations

import os
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

import httpcore
import httpx

from connectors.core.errors import BadSettings

PROXY_SCHEMES = ("http", "https")
CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR")


@dataclass(frozen=True)
class ProxySetting:
    """A proxy, and where it is set."""

    source: str
    """The environment variable, or words where the system says it otherwise."""
    address: str = field(repr=False)
    """It may hold a user and a password."""


def proxy_for(scheme: str, host: str) -> ProxySetting | None:
    """The proxy through which a host is reached, if any: `HTTPS_PROXY`, `ALL_PROXY`, `NO_PROXY`."""
    proxies = getproxies()
    for name in (scheme, "all"):
        if (address := proxies.get(name)) and not proxy_bypass(host):
            variables = (f"{name}_proxy", f"{name}_proxy".upper())
            source = next((each for each in variables if os.environ.get(each)), "the system")
            return ProxySetting(source, address if "://" in address else f"http://{address}")
    return None


def proxy_of(setting: ProxySetting) -> httpcore.Proxy:
    """The proxy for httpcore. Raises BadSettings for one that cannot be used."""
    try:
        parts = urlsplit(setting.address)
        port = parts.port
    except ValueError:
        raise _unusable(setting, "which is no address") from None
    if parts.scheme not in PROXY_SCHEMES:
        raise _unusable(setting, f"which begins with {parts.scheme}://")
    if not parts.hostname:
        raise _unusable(setting, "which names no host")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    auth = None
    if parts.username is not None:
        auth = (unquote(parts.username), unquote(parts.password or ""))
    url = f"{parts.scheme}://{host}{f':{port}' if port else ''}"
    return httpcore.Proxy(url, auth=auth)


def _unusable(setting: ProxySetting, why: str) -> BadSettings:
    return BadSettings(
        f"{setting.source} names a proxy, {why}",
        guidance=f"Set {setting.source} to http://host:port, or unset it; hosts that need no "
        "proxy are named in NO_PROXY.",
    )


def trusted_certificates() -> ssl.SSLContext:
    """The authorities that are trusted: `SSL_CERT_FILE`, `SSL_CERT_DIR`, else those of certifi.

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
        return httpx.create_ssl_context()
    except (OSError, ssl.SSLError) as error:
        raise BadSettings(
            f"the certificates in {place or 'the certifi package'} cannot be read: {error}",
            guidance=f"Correct {variable}, or unset it." if variable else "Install kollect again.",
        ) from None
