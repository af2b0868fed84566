"""From where files may come: the allow-list, and never out of a private network."""

from __future__ import annotations

import pytest

from connectors.core.errors import BadSettings
from connectors.http.host_allowlist import HostAllowlist, is_private, read_hosts

BASE = "https://api.example.com/v1"
NAMES = {"cdn.example.org": "93.184.216.34", "inside.example.org": "10.0.0.7", "x.net": "8.8.8.8"}


def refusal(entries: list[str], url: str, base: str = BASE) -> str:
    hosts = HostAllowlist(
        read_hosts(entries, base), resolve=lambda host: [NAMES.get(host, "8.8.4.4")]
    )
    return hosts.refusal(url)


@pytest.mark.parametrize(
    ("entry", "url"),
    [
        ("cdn.example.org", "https://cdn.example.org/a/b.png?sign=1"),
        ("cdn.example.org", "https://CDN.example.org:443/a"),
        ("*.example.org", "https://cdn.example.org/a"),
        ("*", "https://x.net/a"),
        ("cdn.example.org:8443", "https://cdn.example.org:8443/a"),
        ("cdn.example.org/uploads/", "https://cdn.example.org/uploads/a.png"),
        ("http://nas.local:8080", "http://nas.local:8080/a"),
        ("own", "https://api.example.com:9000/files/a"),
    ],
)
def test_what_is_named_is_allowed(entry: str, url: str) -> None:
    """A host, all below a name, any public one, a port, a folder, one without encryption, own."""
    assert refusal([entry], url) == ""


@pytest.mark.parametrize(
    ("entry", "url", "said"),
    [
        ("cdn.example.org", "https://other.example.org/a", "other.example.org is not among"),
        ("*.example.org", "https://example.org/a", "not among"),
        ("*.example.org", "https://evilexample.org/a", "not among"),
        ("cdn.example.org", "https://cdn.example.org.evil.net/a", "not among"),
        ("cdn.example.org", "http://cdn.example.org/a", "only fetched by https"),
        ("cdn.example.org", "https://cdn.example.org:8443/a", "not among"),
        ("cdn.example.org", "https://user:word@cdn.example.org/a", "no plain"),
        ("cdn.example.org", "ftp://cdn.example.org/a", "no plain"),
        ("cdn.example.org", "https://[broken/a", "cannot be read"),
        ("cdn.example.org/uploads/", "https://cdn.example.org/other/a.png", "not among"),
        ("cdn.example.org/uploads/", "https://cdn.example.org/uploads/../x/a.png", "not among"),
        ("*", "https://inside.example.org/a", "private network"),
        ("*.example.org", "https://inside.example.org/a", "private network"),
        ("*", "https://127.0.0.1/a", "private network"),
        ("*", "https://169.254.169.254/latest/meta-data", "private network"),
        ("*", "https://[::1]/a", "private network"),
        ("*", "https://[::ffff:10.0.0.1]/a", "private network"),
        ("own", "http://api.example.com/a", "only fetched by https"),
    ],
)
def test_everything_else_is_refused_with_a_reason(entry: str, url: str, said: str) -> None:
    """The reason names the host at most, since addresses may be signed."""
    found = refusal([entry], url)
    assert said in found
    assert "/a" not in found


def test_a_named_host_may_be_private_and_own_follows_base_url() -> None:
    """Whoever writes a host down means it; a local stand-in is served by plain http."""
    assert refusal(["inside.example.org"], "https://inside.example.org/a") == ""
    assert refusal(["own"], "http://127.0.0.1:9/a", "http://127.0.0.1:8000") == ""


def test_a_name_that_leads_elsewhere_when_asked_is_refused_too() -> None:
    """The address that was connected to counts, not only the one that was looked up."""
    hosts = HostAllowlist(read_hosts(["*"], BASE), resolve=lambda host: ["8.8.8.8"])
    assert hosts.refusal("https://rebinding.example.org/a") == ""
    assert "private" in hosts.refusal_of_peer("https://rebinding.example.org/a", "192.168.1.1")
    assert hosts.refusal_of_peer("https://rebinding.example.org/a", "8.8.8.8") == ""


@pytest.mark.parametrize("entry", ["", "https://", "a.*.org", "user@host.org", "host.org?x=1"])
def test_an_entry_that_cannot_be_used_is_named(entry: str) -> None:
    """Before anything is fetched."""
    with pytest.raises(BadSettings, match="file_hosts"):
        read_hosts([entry], BASE)


def test_what_is_no_address_counts_as_private() -> None:
    """Unsure means no."""
    assert is_private("nonsense")
    assert is_private("fe80::1%eth0")
    assert not is_private("2606:4700::1111")
