"""Whose data an account holds: a credential of somebody else, or another address, is refused.

The warehouse remembers with an account's rows which service, which address and whose data they
are. Later runs compare. The service is asked only where the credential has changed, or where
nothing is remembered yet.
"""

from __future__ import annotations

import contextlib
import hashlib
import secrets
from collections.abc import Callable
from pathlib import Path

import msgspec

from connectors.core.errors import BadSettings, Skippable
from connectors.core.fetch import Fetcher
from connectors.core.journal import Journal
from connectors.core.state import StateKey, StateKind
from connectors.http.client import Client
from pipelines.settings import Account
from pipelines.sync.probe import Probe, first_answer
from warehouse.store.durable import replace_file

IDENTITY = StateKey(StateKind.IDENTITY)
ASKS = "identity"
"""Instead of a family: marks the answers in a journal that only tell whose data it is."""
KEY_FILE = "credential.key"
KEY_BYTES = 32


class Identity(msgspec.Struct, frozen=True):
    """Where an account's rows come from, and whose they are."""

    service: str
    address: str
    owner: str = ""
    """Such as `user 17`; empty where the service does not tell."""
    credential: str = ""
    """A keyed hash that changes when the credential does. The key stays on this machine, beside
    the warehouse, so nobody can try out secrets on a copy of the warehouse or on a backup."""

    def same_data(self, other: Identity) -> bool:
        """Whether both lead to the same data of the same service."""
        mine, theirs = ((i.service, i.address, i.owner) for i in (self, other))
        return mine == theirs

    def as_json(self) -> str:
        return msgspec.json.encode(self).decode()


def identity_from(stored: str | None) -> Identity | None:
    """What an earlier run has remembered."""
    return msgspec.json.decode(stored, type=Identity) if stored else None


def credential_key(home: Path) -> bytes:
    """The key of this machine's credential marks, made at the first use.

    Without it, because it was lost or cannot be kept, the service is asked whose data it is.
    """
    with contextlib.suppress(OSError):
        found = (home / KEY_FILE).read_bytes()
        if len(found) == KEY_BYTES:
            return found
    made = secrets.token_bytes(KEY_BYTES)
    with contextlib.suppress(OSError):
        replace_file(home / KEY_FILE, made)
        (home / KEY_FILE).chmod(0o600)
    return made


def declared_identity(account: Account, base_url: str, key: bytes) -> Identity:
    """What the settings tell: the owner is not known yet."""
    digest = hashlib.blake2b(_credential_bytes(account), digest_size=16, key=key)
    return Identity(
        account.connector.name, account.address or base_url, credential=digest.hexdigest()
    )


def _credential_bytes(account: Account) -> bytes:
    return msgspec.json.encode([account.name, *sorted(account.credential.items())])


def _mark_without_key(account: Account) -> str:
    """The mark that kollect kept before it had a key."""
    return hashlib.blake2b(_credential_bytes(account), digest_size=2).hexdigest()


def confirm_identity(
    account: Account,
    client: Client,
    journal: Journal,
    *,
    key: bytes,
    stored: Identity | None,
    staged: Identity | None,
    holds_rows: Callable[[], bool],
    tell: Callable[[str], None],
) -> Identity:
    """Whose data this run reads.

    `stored` is what the warehouse remembers, `staged` what the journal of a broken run does. An
    account of the same service that holds no rows yet may become anybody's. Raises BadSettings
    where the settings lead to another service, another address or the data of somebody else than
    `stored`; and whatever asking the service may raise.
    """
    declared = declared_identity(account, client.base_url, key)
    marks = (declared.credential, _mark_without_key(account))
    if stored is not None and stored.service == declared.service and not holds_rows():
        stored = None
    if stored is not None:
        _check_address(account, declared, stored)
    for earlier in (stored, staged):
        if earlier is None or not earlier.owner or earlier.service != declared.service:
            continue
        if earlier.credential in marks:
            return replace_owner(declared, earlier.owner)
    owner = ask_owner(account, client, journal, now=staged is not None)
    if stored is None or not stored.owner:
        return replace_owner(declared, owner)
    if not owner:
        tell(
            f"the service does not tell whose data the credential shows; {stored.owner} is "
            "assumed, since this account holds that data"
        )
        return stored
    if owner != stored.owner:
        raise BadSettings(
            f"the credential shows the data of {owner}, but this account holds those of "
            f"{stored.owner}; nothing was read",
            account=account.name,
            guidance=_second_account(account, f"set the credential of {stored.owner} again"),
        )
    return replace_owner(declared, owner)


def confirm_known(probe: Probe) -> None:
    """Raise what a sync would raise: the settings lead to other data than the account holds."""
    confirm_identity(
        probe.account,
        probe.client,
        probe.journal,
        key=credential_key(probe.warehouse.home),
        stored=identity_from(probe.known.state(IDENTITY)),
        staged=None,
        holds_rows=lambda: any(map(probe.known.count, probe.account.connector.tables)),
        tell=lambda _: None,
    )


def replace_owner(identity: Identity, owner: str) -> Identity:
    """The same identity with its owner known."""
    return msgspec.structs.replace(identity, owner=owner)


def ask_owner(account: Account, client: Client, journal: Journal, *, now: bool) -> str:
    """Ask the service whose data the credential shows; empty where it does not tell.

    With `now`, staged answers do not count. Raises Fatal and Retriable errors.
    """
    connector = account.connector
    if connector.identity is None:
        return ""
    if not connector.identity_asks:
        return connector.identity(None, client.open_parts())
    fetcher = Fetcher(connector, ASKS, client, journal, 1)
    for resource in connector.identity_asks:
        try:
            answer = first_answer(fetcher, resource, {}, now=now)
        except Skippable:  # this credential may not see it; another answer may tell
            continue
        owner = connector.identity(answer, client.open_parts()) if isinstance(answer, dict) else ""
        if owner:
            return owner
    return ""


def _check_address(account: Account, declared: Identity, stored: Identity) -> None:
    if declared.service != stored.service:
        raise BadSettings(
            f"the account is set to {declared.service}, but holds data of {stored.service}; "
            "nothing was read",
            account=account.name,
            guidance=_second_account(account, f'write service = "{stored.service}" again'),
        )
    moved = account.moved_from.rstrip("/") == stored.address
    if declared.address != stored.address and not moved:
        raise BadSettings(
            f"base_url is {declared.address}, but the account holds data from {stored.address}; "
            "nothing was read",
            account=account.name,
            guidance=_second_account(
                account,
                f'where the same service has moved, write moved_from = "{stored.address}"',
            ),
        )


def _second_account(account: Account, otherwise: str) -> str:
    return (
        f"to keep both, make a second account: [accounts.{account.name}-2] with "
        f'service = "{account.connector.name}" and a credential of its own (token_env); {otherwise}'
    )
