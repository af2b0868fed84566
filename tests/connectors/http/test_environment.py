"""Proxies and certificates of the environment: used, or refused in a sentence that names them."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from connectors.core import errors
from connectors.http.client import Client
from connectors.http.config import HttpConfig, Request, Retry
from connectors.http.environment import proxy_for
from connectors.http.rate_limit import RateLimiter
from tests.kit.http import TOKEN, Server, answer

GET = Request("GET", "/things")
VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "ssl_cert_file", "ssl_cert_dir")


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment without proxies."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def client(url: str, attempts: int = 8) -> Client:
    return Client(
        HttpConfig(headers={"Authorization": "{token}"}),
        url,
        {"token": TOKEN},
        account="mine",
        rate_limiter=RateLimiter(()),
        retry=Retry(attempts),
    )


def ask(url: str, attempts: int = 8) -> Any:
    """One request, by default with patience for minutes, which no refusal here may use."""
    with client(url, attempts) as asking:
        return asking.ask(GET)


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        (
            "ALL_PROXY",
            "socks://127.0.0.1:7890/",
            "ALL_PROXY names a proxy, which begins with socks",
        ),
        ("https_proxy", "socks4://user:pw@h:1", "https_proxy names a proxy, which begins with"),
        ("HTTPS_PROXY", "http://h:port", "HTTPS_PROXY names a proxy, which is no address"),
        ("SSL_CERT_FILE", "/nowhere/ca.pem", "SSL_CERT_FILE names /nowhere/ca.pem, which is not"),
        ("SSL_CERT_DIR", "/nowhere", "SSL_CERT_DIR names /nowhere, which is not there"),
    ],
)
def test_what_cannot_be_used_is_said_at_once_with_its_variable(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, said: str
) -> None:
    """One sentence and exit status 2, without the password of the proxy."""
    monkeypatch.setenv(variable, value)
    with pytest.raises(errors.BadSettings) as caught:
        client("https://api.example.invalid")  # nothing is asked yet
    assert said in str(caught.value)
    assert "pw" not in str(caught.value)
    assert errors.exit_status(caught.value) == 2


def test_certificates_that_are_none_are_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A file that is there but holds something else."""
    (tmp_path / "ca.pem").write_text("no certificate")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    with pytest.raises(errors.BadSettings, match=r"certificates in .*ca\.pem cannot be read"):
        ask("https://api.example.invalid")


def test_a_proxy_is_used_and_no_proxy_is_heeded(
    monkeypatch: pytest.MonkeyPatch, server: Server
) -> None:
    """Entries of NO_PROXY that are no host names do no harm."""
    monkeypatch.setenv("HTTP_PROXY", server.url)
    monkeypatch.setenv("NO_PROXY", "localhost,fe80::/10,*.corp.example:8080")
    assert ask("http://api.example.invalid/v1").payload == {"ok": True}
    assert server.arrivals[0].target == "http://api.example.invalid/v1/things"
    for number, entries in enumerate(("fe80::/10,127.0.0.1", "::1 127.0.0.0/8", "*"), 1):
        monkeypatch.setenv("NO_PROXY", entries)
        assert ask(server.url).payload == {"ok": True}
        assert server.arrivals[number].target == "/things"


@pytest.mark.parametrize(
    ("entries", "host", "direct"),
    [
        ("10.0.0.0/8", "10.1.2.3", True),
        ("10.0.0.0/8", "11.1.2.3", False),
        ("fd00::/8", "fd12::1", True),
        ("[::1]", "::1", True),
        ("[::1]:8080, x", "::1", True),
        ("::1", "fe80::1", False),
        (".example.org", "api.example.org", True),
        ("example.org", "example.com", False),
    ],
)
def test_no_proxy_takes_names_and_networks(
    monkeypatch: pytest.MonkeyPatch, entries: str, host: str, direct: bool
) -> None:
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", entries)
    assert (proxy_for("https", host) is None) == direct


def test_a_proxy_that_does_not_answer_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "127.0.0.1:9")
    with pytest.raises(errors.Unreachable, match=r"HTTP_PROXY does not connect.*refused") as caught:
        ask("http://api.example.invalid")
    assert caught.value.attempts == 1


def test_a_socks_proxy_passes_requests_on(monkeypatch: pytest.MonkeyPatch, server: Server) -> None:
    """The name of the host is looked up by the proxy."""
    with SocksProxy(int(server.url.rpartition(":")[2])) as proxy:
        monkeypatch.setenv("ALL_PROXY", f"socks5h://127.0.0.1:{proxy.port}")
        assert ask("http://api.example.invalid").payload == {"ok": True}
    assert proxy.asked == ["api.example.invalid"]


class SocksProxy:
    """A SOCKS5 proxy that leads every connection to one port of this machine."""

    def __init__(self, to: int) -> None:
        self.asked: list[str] = []
        self._to = to
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]

    def __enter__(self) -> SocksProxy:
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    def _serve(self) -> None:
        with self._listener.accept()[0] as asking:
            asking.recv(100)
            asking.sendall(b"\x05\x00")
            request = asking.recv(300)
            self.asked.append(request[5 : 5 + request[4]].decode())
            asking.sendall(b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00")
            with socket.create_connection(("127.0.0.1", self._to)) as there:
                there.sendall(asking.recv(10_000))
                while piece := there.recv(10_000):
                    asking.sendall(piece)


def wants_password(handler: BaseHTTPRequestHandler) -> None:
    answer(handler, 407, b"<html>who are you?</html>", "text/html")


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_wants_a_password_is_named(
    monkeypatch: pytest.MonkeyPatch, server: Server, scheme: str
) -> None:
    """Whether the request or the tunnel is refused."""
    server.play(wants_password)
    monkeypatch.setenv(f"{scheme.upper()}_PROXY", server.url)
    with pytest.raises(errors.BadSettings, match=rf"{scheme.upper()}_PROXY wants a user and"):
        ask(f"{scheme}://api.example.invalid")


def test_a_tunnel_that_is_refused_names_the_proxy(
    monkeypatch: pytest.MonkeyPatch, server: Server
) -> None:
    """And says how to go round it."""
    server.play(lambda handler: answer(handler, 403, b"no"))
    monkeypatch.setenv("HTTPS_PROXY", server.url)
    with pytest.raises(errors.Unreachable, match=r"HTTPS_PROXY does not connect.*NO_PROXY"):
        ask("https://api.example.invalid", attempts=1)


def test_an_unknown_host_is_said_at_once() -> None:
    """The name will not come into being while the command waits."""
    began = time.monotonic()
    with pytest.raises(errors.Unreachable, match=r"there is no host nowhere\.invalid") as caught:
        ask("http://nowhere.invalid")
    assert caught.value.attempts == 1
    assert time.monotonic() - began < 10


def test_an_untrusted_certificate_is_said_at_once(tmp_path: Path) -> None:
    """With its reason, and where one's own authority is named."""
    from http.server import HTTPServer

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed(tmp_path))
    with HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as listener:
        listener.handle_error = lambda *_: None  # type: ignore[method-assign]
        listener.socket = context.wrap_socket(listener.socket, server_side=True)
        thread = threading.Thread(target=listener.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        with pytest.raises(
            errors.Unreachable, match=r"certificate .* is not trusted.*SSL_CERT_FILE"
        ):
            ask(f"https://127.0.0.1:{listener.server_address[1]}")
        listener.shutdown()


def self_signed(folder: Path) -> Path:
    """A certificate that nobody vouches for, with its key."""
    from datetime import UTC, datetime, timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    file = folder / "server.pem"
    file.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return file
