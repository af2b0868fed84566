"""Checks a connector's page when it is imported, and says how to mend what is wrong."""

from __future__ import annotations

from collections import Counter
from string import Formatter

from connectors.core.connector import Connector, Family, family_tables
from connectors.core.errors import BadSettings
from connectors.core.files import FileSource
from connectors.core.redact import Redactor
from connectors.core.resources import (
    ForEachChanged,
    ForEachParent,
    Origin,
    RecordSource,
    Resource,
    Rows,
)
from connectors.core.schema import PARSES, TYPES, DeclarationError, Table, snake
from connectors.http.host_allowlist import read_hosts


def checked(connector: Connector) -> Connector:
    """The connector itself; raises DeclarationError where its page contradicts itself."""
    try:
        _check(connector)
    except DeclarationError as error:
        raise DeclarationError(f"connectors/{connector.name}/__init__.py: {error}") from None
    return connector


def _check(connector: Connector) -> None:
    tables: dict[str, Table] = {}
    names: set[str] = set()
    for family in connector.families:
        if family.name in names:
            _fail(f"family {family.name}", "is declared twice", "rename one of them")
        names.add(family.name)
        for table in family_tables(family):
            if tables.setdefault(table.name, table) is not table:
                _fail(f"table {table.name}", "has two declarations", "share one object")
        _check_resources(connector, family)
    for table in tables.values():
        _check_table(table, tables)
    for way in connector.credential.ways:
        for part in way:
            if part not in connector.credential.parts:
                _fail(f"credential way {way}", f"has no part {part!r}", "declare it")
    for option in connector.options:
        for name in option.tables:
            if name not in tables:
                _fail(f"option {option.name}", f"brings {name!r}", "no table here")
    _check_secrets(connector)
    _check_files(connector, tables)
    _check_writers(connector, tables)


def _fail(place: str, what: str, cure: str) -> None:
    raise DeclarationError(f"{place} {what}; {cure}")


def _check_table(table: Table, tables: dict[str, Table]) -> None:
    place = f"table {table.name}"
    columns = {column.name: column for column in table.columns}
    counted = Counter(column.name for column in table.columns)
    if twice := sorted(name for name, count in counted.items() if count > 1):
        cure = "remove one, or give one another name="
        _fail(place, f"has columns twice: {', '.join(twice)}", cure)
    for name in table.key:
        if name not in columns:
            _fail(place, f"has no column for its key {name!r}", "add it, or name another key=")
    if table.newest and (table.newest not in columns or columns[table.newest].type != "time"):
        _fail(place, f"newest={table.newest!r} is no time column", "name one of type time")
    if not table.meaning:
        _fail(place, "has no meaning", "say what one row is")
    for column in table.columns:
        spot = f"{place}, column {column.name}"
        if column.type not in TYPES:
            _fail(spot, f"has type {column.type!r}", f"use one of {', '.join(TYPES)}")
        if column.parse not in PARSES:
            _fail(spot, f"has parse {column.parse!r}", f"use one of {PARSES[1:]}")
        if column.name != snake(column.name) or column.name.startswith("_"):
            _fail(spot, "is not snake_case", f"name it {snake(column.name)!r}")
        if not column.meaning:
            _fail(spot, "has no meaning", "say what it holds and in which unit")
    for reference in table.parents:
        for name in reference.names:
            if name not in columns:
                cure = "add that column, or name another one in Reference(...)"
                _fail(place, f"refers by {name!r}, which is no column of it", cure)
        if reference.table not in tables:
            cure = f"declare that table, or name one of: {', '.join(sorted(tables))}"
            _fail(place, f"refers to {reference.table!r}, which is no table", cure)
        elif len(reference.names) != len(tables[reference.table].key):
            cure = f"name one column for each of its key: {', '.join(tables[reference.table].key)}"
            _fail(place, f"refers to {reference.table!r} by another number", cure)


def _check_secrets(connector: Connector) -> None:
    try:
        Redactor(connector.secret_fields, connector.secret_paths, connector.signed_hosts)
    except ValueError as error:
        _fail("a secret", str(error), "see `Connector` for how it is written")


def _check_files(connector: Connector, tables: dict[str, Table]) -> None:
    named: set[tuple[str, str]] = set()
    for source in connector.files:
        place = f"files of {source.table.name}.{source.field}"
        if tables.get(source.table.name) is not source.table:
            _fail(place, "belong to no table of this connector", "use a table object")
        if (source.table.name, source.field) in named:
            _fail(place, "are declared twice", "give one of them another field")
        named.add((source.table.name, source.field))
        if not source.meaning:
            _fail(place, "have no meaning", "say what the files are")
        if not (source.address or source.links or source.fresh):
            _fail(place, "have no address", "give address=, links= or fresh=")
        if not (source.address or source.links or source.md5 or source.marks):
            _fail(place, "have no mark", "name columns that change with them in marks=")
        _check_file_columns(source, place)
    try:
        read_hosts(connector.file_hosts, connector.base_url or "https://example.org")
    except BadSettings as error:
        _fail("file_hosts", error.what, error.guidance)


def _check_writers(connector: Connector, tables: dict[str, Table]) -> None:
    earlier: set[str] = set()
    for writer in connector.writers:
        place = f"writer of {writer.table.name}"
        if tables.get(writer.table.name) is not writer.table:
            _fail(place, "writes no table of this connector", "use a table object")
        if writer.table.name in earlier:
            _fail(place, "is declared twice", "remove one")
        names = {column.name for column in writer.table.columns}
        for write in (writer.create, writer.finish, writer.update, writer.undelete):
            path = f"{write.path} {write.fallback_path}" if write else ""
            if unknown := {name for _, name, _, _ in Formatter().parse(path) if name} - names:
                _fail(place, f"has {sorted(unknown)} in its path", "name columns of the table")
        if unknown := {*writer.restores, *writer.order, *writer.refers} - names:
            _fail(place, f"names {sorted(unknown)}, which are no columns", "name columns")
        if unknown := {*writer.needs} - {*writer.refers}:
            _fail(place, f"needs {sorted(unknown)}", "name columns of refers=")
        if unknown := {*writer.compared} - {*writer.restores}:
            _fail(place, f"compares {sorted(unknown)}", "name columns of restores=")
        asked = {
            *writer.carries,
            *writer.after,
            *(name for tables in writer.refers.values() for name in tables),
        }
        if unknown := asked - set(tables):
            _fail(place, f"names {sorted(unknown)}, which are no tables", "name tables")
        upload = writer.create.upload if writer.create else None
        if upload and (upload.table, upload.field) not in {
            (source.table.name, source.field) for source in connector.files
        }:
            _fail(place, f"uploads {upload.table}.{upload.field}, which is not kept", "name a file")
        if writer.undelete and not writer.removed:
            _fail(place, "undeletes what nothing calls removed", "give removed=")
        if late := {r.table for r in writer.table.parents} & (
            {w.table.name for w in connector.writers} - earlier - {writer.table.name}
        ):
            _fail(place, f"comes before its parents {sorted(late)}", "write parents first")
        earlier.add(writer.table.name)


def _check_file_columns(source: FileSource, place: str) -> None:
    kinds = {column.name: column.type for column in source.table.columns}
    for name in source.columns:
        if name not in kinds:
            cure = "add that column to the table, or name another one"
            _fail(place, f"read {name!r}, which is no column", cure)
    for name, kind in ((source.address, "text"), (source.md5, "text"), (source.size, "integer")):
        if name and kinds[name] != kind:
            cure = f"name a column of type {kind}"
            _fail(place, f"read {name!r}, which is {kinds[name]}", cure)
    if source.fresh is not None:
        asked = source.fresh.resource.get + repr(source.fresh.resource.params)
        for name in source.fresh.bind:
            if "{" + name + "}" not in asked:
                _fail(place, f"bind {name!r}", "use it in get= or params=")


def _check_resources(connector: Connector, family: Family) -> None:
    earlier: set[str] = set()
    for resource in family.resources:
        place = f"resource {resource.name}"
        if resource.name in earlier:
            _fail(place, "is declared twice in its family", "rename one")
        if (
            isinstance(resource.each, ForEachChanged)
            and resource.each.table not in connector.tables
        ):
            what = f"is asked for each row of {resource.each.table!r}, which is no table"
            _fail(place, what, "declare that table, or name another one")
        if isinstance(resource.each, ForEachParent) and resource.each.of not in earlier:
            _fail(
                place,
                f"is asked for each of {resource.each.of!r}",
                "declare that resource before it in the same family",
            )
        _check_bindings(family, resource)
        if resource.since is not None and not resource.since.param:
            ordered = [order for order in resource.orders if order.newest_first]
            if not (ordered or resource.newest_first):
                cure = "give Since(param=...), or say newest_first=True of the list or an order"
                _fail(place, "cannot be read since a time", cure)
        for rows in resource.rows:
            _check_rows(resource, rows, enclosed=False)
        earlier.add(resource.name)
    for resource in family.opening:
        place = f"family {family.name}, opening with {resource.name}"
        if family.plan is None or resource not in family.resources:
            _fail(place, "is no part of its plan", "name resources that plan= reads")
        if any("{" in text for text in (resource.get, *resource.params.values())):
            _fail(place, "needs a binding", "open with what needs no other answer")


def _check_bindings(family: Family, resource: Resource) -> None:
    """Names in the path and parameters are bound by `each`, or by the plan that asks."""
    place = f"resource {resource.name}"
    used = {
        name
        for text in (resource.get, resource.fallback_path, *resource.params.values())
        for _, name, _, _ in Formatter().parse(text)
        if name
    }
    bound = set(resource.each.bind) if resource.each is not None else set()
    if idle := sorted(bound - used):
        cure = f"use {{{idle[0]}}} in get= or params=, or bind it no more"
        _fail(place, f"binds {', '.join(idle)} without using it", cure)
    if family.plan is not None:
        return
    if unbound := sorted(used - bound):
        cure = "bind it by each=ForEachParent(...) or ForEachChanged(...)"
        _fail(place, f"uses {{{unbound[0]}}}, which nothing binds", cure)
    for rows in resource.rows:
        for name, source in rows.inherit.items():
            if source.origin is Origin.REQUEST and source.name not in bound:
                cure = "bind it by each=, or use constant(...) or parent(...)"
                what = f"gives {rows.table.name}.{name} by request({source.name!r}), unbound"
                _fail(place, what, cure)


def _check_rows(resource: Resource, rows: Rows, *, enclosed: bool) -> None:
    place = f"resource {resource.name}, rows of {rows.table.name}"
    needed = {column.name for column in rows.table.columns if column.inherited}
    supplied = set(rows.inherit) | ({rows.position} if rows.position else set())
    if rows.rows is None and (missing := {n for n in needed if n in rows.table.key} - supplied):
        cure = "add it to inherit=, by parent(), request(), constant() or member()"
        _fail(place, f"does not give {sorted(missing)}", cure)
    if unknown := supplied - needed:
        _fail(place, f"gives {sorted(unknown)}", "declare it with inherited()")
    if rows.count and not enclosed:
        cure = "remove count=: the totals of a list are found by its paging"
        _fail(place, f"counts by {rows.count!r} outside of any record", cure)
    for name, source in rows.inherit.items():
        if not enclosed and source.origin is Origin.PARENT:
            cure = f"it has no enclosing record: use request({source.name!r})"
            _fail(place, f"inherits {name} by parent({source.name!r})", cure)
    if rows.source is RecordSource.OWN and (enclosed or resource.listing):
        _fail(place, "are no record's own answer", "say listing=False, or leave source= out")
    for child in rows.children:
        _check_rows(resource, child, enclosed=True)
