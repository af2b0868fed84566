"""What a connector is made of: `from connectors.core import Connector, Family, Resource, ...`.

The vocabulary of declarations and plans stands here; `connectors.core.validate.checked` checks a
finished declaration, and the modules beside it (`reader`, `fetch`, `records`, `journal`) read a
service by it.
"""

from connectors.core.connector import (
    Connector,
    Cost,
    Costing,
    Credential,
    Family,
    Option,
    family_tables,
)
from connectors.core.errors import (
    BadCredential,
    BadSettings,
    Forbidden,
    KollectError,
    Missing,
    Refused,
    Skippable,
    UnexpectedShape,
)
from connectors.core.evidence import Evidence, confirm_missing
from connectors.core.files import OWN, FileLink, FileSource, Fresh
from connectors.core.known import KnownRows
from connectors.core.listing import Bind, Collect, Listing, Page
from connectors.core.plan import Plan, Reader
from connectors.core.resources import (
    ForEachChanged,
    ForEachParent,
    Inherit,
    Order,
    RecordSource,
    Resource,
    Rows,
    Take,
    constant,
    member,
    parent,
    request,
)
from connectors.core.schema import (
    Column,
    DeclarationError,
    Record,
    Reference,
    Table,
    col,
    inherited,
    snake,
)
from connectors.core.since import Since
from connectors.core.sink import Cut
from connectors.core.state import StateKey, StateKind, note
from connectors.core.views import View, ViewColumn, Views
from connectors.core.write import Restored, Row, Write, Writer
from connectors.paging import get_path

__all__ = [
    "OWN",
    "BadCredential",
    "BadSettings",
    "Bind",
    "Collect",
    "Column",
    "Connector",
    "Cost",
    "Costing",
    "Credential",
    "Cut",
    "DeclarationError",
    "Evidence",
    "Family",
    "FileLink",
    "FileSource",
    "ForEachChanged",
    "ForEachParent",
    "Forbidden",
    "Fresh",
    "Inherit",
    "KnownRows",
    "KollectError",
    "Listing",
    "Missing",
    "Option",
    "Order",
    "Page",
    "Plan",
    "Reader",
    "Record",
    "RecordSource",
    "Reference",
    "Refused",
    "Resource",
    "Restored",
    "Row",
    "Rows",
    "Since",
    "Skippable",
    "StateKey",
    "StateKind",
    "Table",
    "Take",
    "UnexpectedShape",
    "View",
    "ViewColumn",
    "Views",
    "Write",
    "Writer",
    "col",
    "confirm_missing",
    "constant",
    "family_tables",
    "get_path",
    "inherited",
    "member",
    "note",
    "parent",
    "request",
    "snake",
]
