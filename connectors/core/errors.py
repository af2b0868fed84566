"""Every error of kollect, named by what follows from it.

KollectError
├── Fatal                stops the account: nothing else of it can work now
│   ├── BadCredential        the service refuses the credential
│   ├── PlanExceeded         the service wants a larger plan, or a payment
│   ├── BadSettings          the configuration is wrong (exit status 2)
│   ├── AccountBusy          another kollect holds the account (exit status 3)
│   └── WarehouseProblem     the file or its folder cannot be used
├── Retriable            may work when asked again later
│   ├── Throttled            too many requests; knows when to come back
│   │   └── LongSilence          for longer than kollect waits by itself
│   ├── ServerFault          the service says that it failed
│   ├── Unreachable          no connection, or one that broke before the answer
│   ├── TimedOut             no whole answer in time
│   └── BrokenAnswer         an answer that is cut off or is no JSON
└── Skippable            this request or resource cannot be had, the rest goes on
    ├── Forbidden            the credential may not see this
    ├── Missing              there is no such thing (or no longer)
    ├── Refused              the service does not take the request as it was put
    └── UnexpectedShape      an answer without the parts that it should have

`str(error)` is one line: what, where, what to do next. No error holds a secret: whoever
raises one passes only addresses and words that went through `connectors.http.redact`.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import ClassVar


class KollectError(Exception):
    """Something that a person should know of; `guidance` is one sentence on what to do."""

    advice: ClassVar[str] = "Run the command again with --verbose to see what led to this."

    def __init__(
        self,
        what: str,
        *,
        guidance: str = "",
        account: str = "",
        where: str = "",
        status: int | None = None,
        request_id: str = "",
        attempts: int = 0,
    ) -> None:
        """`where` is a table, a file or a request; `attempts` counts what was tried already."""
        super().__init__(what)
        self.what = what
        self.guidance = guidance or self.advice
        self.account = account
        self.where = where
        self.status = status
        self.request_id = request_id
        self.attempts = attempts

    def __str__(self) -> str:
        context = [
            self.where,
            f"status {self.status}" if self.status is not None else "",
            f"request id {self.request_id}" if self.request_id else "",
            f"asked {self.attempts} times" if self.attempts > 1 else "",
        ]
        known = ", ".join(part for part in context if part)
        what = self.what.rstrip().rstrip(".")
        what = f"{what} ({known})" if known else what
        # A guidance that is a sentence of its own begins with a capital letter.
        stop = "." if self.guidance[:1].isupper() else ";"
        text = f"{what}{'' if what.endswith('?') else stop} {self.guidance}"
        # Whatever a service says, an error stays one line.
        return " ".join((f"{self.account}: {text}" if self.account else text).split())


class Stopped(BaseException):
    """The program is to stop. What was staged or received so far stays for the next time.

    Like KeyboardInterrupt it is no Exception, so that nothing on the way takes it for a failure.
    """


class Fatal(KollectError):
    """Nothing else of the account can work now."""


class BadCredential(Fatal):
    """The service refuses the credential; the guidance says which variable holds it."""

    advice = "Make a new key or token at the service and put it into the environment."


class PlanExceeded(Fatal):
    """The service asks for a larger plan or a payment."""

    advice = "Look at the plan and the bills of this account at the service, then sync again."


class BadSettings(Fatal):
    """The configuration is wrong; nothing was asked of the service."""

    advice = "Correct the setting in kollect.toml or in the environment."


class AccountBusy(Fatal):
    """Another kollect works on the account and did not let go in time."""

    advice = "Wait until the other kollect has finished, or stop it, then try again."


class WarehouseProblem(Fatal):
    """The warehouse file, or the folder that kollect works in, cannot be used."""

    advice = "Check the path, the free space and the permissions of the folder."


class Retriable(KollectError):
    """May work when asked again."""

    advice = "Run the sync again later: it goes on where it stopped."
    retry_after: float | None = None
    """Seconds after which the service wants to be asked again, where it says so."""
    repeat: bool = True
    """False where asking again within minutes would change nothing."""
    most_attempts: int | None = None
    """A smaller number of attempts than the settings allow; None where these decide."""


class Throttled(Retriable):
    """The service asks for fewer requests."""

    advice = "Wait, then sync again; if it happens often, set a lower rate for the account."

    def __init__(
        self, what: str, *, retry_after: float | None = None, guidance: str = "", where: str = ""
    ) -> None:
        super().__init__(what, guidance=guidance, where=where)
        self.retry_after = retry_after


class LongSilence(Throttled):
    """The service wants to be left alone for longer than kollect waits by itself."""

    advice = "Sync again when the service takes requests again: it goes on where it stopped."
    repeat = False


class ServerFault(Retriable):
    """The service says that it failed."""


class Unreachable(Retriable):
    """No connection came about, or it broke before the answer began."""

    advice = "Check the network and base_url, then sync again."


class TimedOut(Retriable):
    """No whole answer came in time."""


class BrokenAnswer(Retriable):
    """The answer is cut off, is no JSON, or says that it is something else."""


class Skippable(KollectError):
    """This request or resource cannot be had; the rest goes on."""


class Forbidden(Skippable):
    """The credential is good but may not see this."""

    advice = "Give the key or its owner the right to read this, or leave the table out."


class Missing(Skippable):
    """The service knows no such thing, or no longer."""

    advice = "Check the id and base_url; a thing deleted at the service needs nothing done."


class Refused(Skippable):
    """The service does not take the request as it was put."""

    advice = "Report this with the request id: kollect may not know a change of the service."


class UnexpectedShape(Skippable):
    """An answer lacks the parts that the service's documentation promises."""

    advice = "Report this: the service's answers may have changed since kollect was written."


def nearest(name: str, known: Iterable[str]) -> str:
    """`; did you mean 'x'?` for the end of a message; empty where no known name is near."""
    close = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def exit_status(error: BaseException) -> int:
    """The exit status for a command that ended with this error.

    2 for wrong settings, 3 for an account that another kollect holds, 1 for all else.
    """
    if isinstance(error, BadSettings):
        return 2
    if isinstance(error, AccountBusy):
        return 3
    return 1
