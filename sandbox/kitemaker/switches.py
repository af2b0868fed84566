"""What the API page leaves open (its section 15), served in either form."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.core import Switches, one_of


@dataclass
class KitemakerSwitches(Switches):
    token: str = one_of("personal", "application", about="which token `credentials` gives")
    recent_default_count: int = one_of(50, 10, about="rows of a recent list asked without count")
    recent_order: str = one_of("newest_first", "unordered", about="of recent lists")
    count_above_50: str = one_of("clamp", "refuse", about="what a greater count gives")
    rest_lists_hold_archived: bool = one_of(True, False, about="archived items in REST lists")
    metadata_work_items_cap: int = one_of(0, 50, 100, about="most of /metadata/workitems; 0: all")
    initiative_shape: str = one_of("array", "object", about="of GET /initiative")
    feedback_address: str = one_of("both", "parameter", "path", about="how feedback is asked for")
    rest_person: str = one_of("null", "object", "name", about="person and company in REST")
    comment_bumps_work_item: bool = one_of(False, True, about="a comment moves updatedAt")
    rename_bumps_work_item: bool = one_of(False, True, about="a renamed label, status or space too")
    move_bumps_work_item: bool = one_of(True, False, about="a move to another space too")
    graphql_default_count: int = one_of(50, 20, about="rows of a page asked without count")
    cursor_direction: str = one_of("oldest_first", "newest_first", about="of all pages")
    cursor_key: str = one_of("number", "id", about="what the cursor points behind")
    graphql_number: str = one_of("plain", "prefixed", about="12, or ABC-12, I-12, F-12")
    work_items_without_space: str = one_of("all", "none", "refuse", about="no spaceId given")
    archived_unless_asked: str = one_of("included", "left_out", about="no statusFilter given")
    hidden_space: str = one_of("not_found", "forbidden", about="what a space not seen answers")
    graphql_error_codes: bool = one_of(False, True, about="GraphQL's errors have codes, as REST's")
    graphql_unauthorized_status: int = one_of(401, 200, about="HTTP status of a bad token")
    graphql_error_status: int = one_of(200, 400, about="HTTP status of errors without data")
    put_labels: str = one_of("replace", "add", about="what labels in a PUT of a work item do")
