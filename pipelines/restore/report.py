"""What a restore did, for programs and for people, signed by the machine that did it."""

from __future__ import annotations

import hashlib
import hmac
import html
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from connectors.core.connector import Connector
from connectors.http.rate_limit import duration_text
from pipelines.restore.plan import Action, Item, Plan
from pipelines.restore.restore import RestoreResult
from pipelines.restore.source import NOW
from pipelines.sync.estimate import least_seconds
from pipelines.sync.identity import credential_key
from warehouse.progress import counted
from warehouse.store.durable import replace_file

SIGNATURE = "signature"
NOTHING = "nothing"
SHOWN = 200
"""So many single records a page names; the JSON file has all."""
WORDS = {
    Action.EQUAL: "as it was",
    Action.DIFFERS: "differs",
    Action.CREATE: "to write",
    Action.INSIDE: "to write with its parent",
    Action.UNDELETE: "to bring back",
    Action.REFUSED: "cannot be restored",
    Action.SKIPPED: "left out",
}


def requests_of(plan: Plan, overwrite: bool) -> int:
    """How many writes a plan means."""
    count, groups = 0, set()
    for item in plan.to_do(overwrite):
        if item.action is Action.INSIDE:
            continue
        if item.writer.together and item.action is Action.CREATE:
            group = (item.table, item.kept.columns[item.writer.together])
            if group in groups:
                continue
            groups.add(group)
        count += 1 + (item.action is Action.CREATE and item.writer.finish is not None)
    return count


def as_json(result: RestoreResult) -> dict[str, Any]:
    """The whole result; keys and reasons, but no contents of records."""
    overwrite = result.request.overwrite
    requests = requests_of(result.before, overwrite)
    found: dict[str, Any] = {
        "restore": result.restore_id,
        "source": result.source,
        "account": result.account.name,
        "service": result.account.connector.name,
        "applied": result.request.apply,
        "overwrite": overwrite,
        "started_at": result.started_at.isoformat(),
        "finished_at": result.finished_at.isoformat(),
        "planned": {
            "requests": requests,
            "seconds": round(least_seconds(requests, result.account.windows), 1),
            "tables": result.before.counts(),
            "costs": costs_of(result.before),
        },
        "unread": result.unread,
        "loses": loses_of(result.account.connector, result.before),
        "never_restored": result.before.unwritten,
        "records": [record(item) for item in result.after.all() if item.action is not Action.EQUAL],
    }
    if result.request.apply:
        found["result"] = {
            "complete": result.complete,
            "written": result.written,
            "passes": result.passes,
            "left": result.left,
            "error": result.error or None,
            "tables": result.after.counts(),
        }
    return found


def record(item: Item) -> dict[str, Any]:
    return {
        "table": item.table,
        "key": [str(part) for part in item.old],
        "now": None if item.now is None else [str(part) for part in item.now],
        "action": str(item.action),
        "reason": item.reason or None,
        "differs": list(item.differs),
    }


def costs_of(plan: Plan) -> dict[str, str]:
    """Table -> what money its writes may cost."""
    return {
        items[0].table: items[0].writer.costs
        for table in plan.items.values()
        if (items := [i for i in table.values() if i.action in (Action.CREATE, Action.INSIDE)])
        and items[0].writer.costs
    }


def loses_of(connector: Connector, plan: Plan) -> dict[str, str]:
    """Table -> what of its records does not come back, of the tables with something to write."""
    written = (Action.CREATE, Action.INSIDE, Action.UNDELETE)
    return {
        writer.table.name: writer.loses
        for writer in connector.writers
        if writer.loses != NOTHING
        and any(item.action in written for item in plan.items[writer.table.name].values())
    }


# -- signed files ----------------------------------------------------------------------------


def write_report(result: RestoreResult, folder: Path, home: Path) -> Path:
    """Write the JSON and the page; returns the page. The key of the signature stays in `home`."""
    folder.mkdir(parents=True, exist_ok=True)
    found = signed(as_json(result), credential_key(home))
    text = json.dumps(found, indent=2, ensure_ascii=False)
    replace_file(folder / f"{result.restore_id}.json", text.encode())
    page = folder / f"{result.restore_id}.html"
    replace_file(page, page_of(found).encode())
    return page


def signed(report: Mapping[str, Any], key: bytes) -> dict[str, Any]:
    """The report with the HMAC-SHA256 of all else in it."""
    return {**report, SIGNATURE: _signature(report, key)}


def is_genuine(report: Mapping[str, Any], key: bytes) -> bool:
    """Whether nobody changed a report since this machine signed it."""
    return hmac.compare_digest(str(report.get(SIGNATURE)), _signature(report, key))


def _signature(report: Mapping[str, Any], key: bytes) -> str:
    rest = {name: value for name, value in report.items() if name != SIGNATURE}
    text = json.dumps(rest, sort_keys=True, ensure_ascii=False)
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def page_of(report: Mapping[str, Any]) -> str:
    """One self-contained page."""
    title = f"Restore of {report['source']} into {report['account']}"
    parts = [f"<h1>{html.escape(title)}</h1>", f"<p>{html.escape(sentence(report))}</p>"]
    tables = report.get("result", report["planned"])["tables"]
    parts.append(_table(["table", *WORDS.values()], [
        [name, *(str(counts.get(str(action), "")) for action in WORDS)]
        for name, counts in tables.items()
    ]))  # fmt: skip
    parts.append("<h2>What does not come back</h2>")
    parts.append(_table(["table", "lost"], [list(pair) for pair in report["loses"].items()]))
    if report["never_restored"]:
        rows = [[name, str(count)] for name, count in report["never_restored"].items()]
        parts += ["<h2>Tables that the service takes nothing of</h2>", _table(["table", ""], rows)]
    single = [
        [row["table"], "/".join(row["key"]), WORDS[Action(row["action"])], _why(row)]
        for row in report["records"]
    ]
    if single:
        parts.append("<h2>Single records</h2>")
        parts.append(_table(["table", "key", "", "why, or which columns"], single[:SHOWN]))
        if len(single) > SHOWN:
            parts.append(f"<p>and {len(single) - SHOWN:,} more in the JSON file beside this page")
    parts.append(f"<p>Signature of the JSON file: <code>{report[SIGNATURE]}</code></p>")
    style = "body{font:16px sans-serif;max-width:60em;margin:2em auto}td,th{padding:.2em .8em;"
    style += "text-align:left;border-bottom:1px solid #ddd}"
    head = f'<meta charset="utf-8"><title>{html.escape(title)}</title><style>{style}</style>'
    return f"<!doctype html><html><head>{head}</head><body>{''.join(parts)}</body></html>\n"


def _why(row: Mapping[str, Any]) -> str:
    return str(row["reason"] or ", ".join(row["differs"]))


def _table(head: list[str], rows: list[list[str]]) -> str:
    cells = "".join(f"<th>{html.escape(name)}</th>" for name in head)
    lines = (
        "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f"<table><tr>{cells}</tr>{''.join(lines)}</table>"


def sentence(report: Mapping[str, Any]) -> str:
    """The outcome in a sentence, after what makes it doubtful."""
    planned = report["planned"]
    if not any(planned["tables"].values()) and not report["never_restored"]:
        source = "the warehouse" if report["source"] == NOW else report["source"]
        return f"{source} holds no records of {report['account']}: what is missing is not known."
    if report["unread"]:
        table, reason = next(iter(report["unread"].items()))
        tables = counted(len(report["unread"]), "table")
        return (
            f"What {report['account']} has now is not known of {tables} ({table}: {reason}), "
            f"counted as last read. {_outcome(report)}"
        )
    return _outcome(report)


def _outcome(report: Mapping[str, Any]) -> str:
    planned = report["planned"]
    if not report["applied"]:
        if not planned["requests"]:
            return _nothing_to_write(report)
        seconds = planned["seconds"]
        needed = "less than a minute" if seconds < 60 else f"about {duration_text(seconds)}"
        return (
            f"{counted(planned['requests'], 'request')} would be sent, in {needed}; nothing "
            "was written."
        )
    done = report["result"]
    if done["error"]:
        return f"It stopped: {done['error']} Run it again, it goes on."
    if not done["written"] and not done["left"]:
        return _nothing_to_write(report)
    written = counted(done["written"], "record")
    if report["unread"]:
        return f"Written: {written}. Run it again: it looks for them in the service."
    left = f"; still to be written: {done['left']:,}, run it again" if done["left"] else ""
    return f"Written and found in the service afterwards: {written}{left}."


def _nothing_to_write(report: Mapping[str, Any]) -> str:
    lost = sum(row["action"] == str(Action.REFUSED) for row in report["records"])
    if lost:
        return f"There is nothing to write; {counted(lost, 'record')} cannot be restored."
    if report["unread"]:
        return "There is nothing to write."
    return "Nothing is missing: there is nothing to write."
