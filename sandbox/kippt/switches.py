"""What the API page leaves open (its sections 13 and 14), served in either form."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.core import Switches, one_of


@dataclass
class KipptSwitches(Switches):
    missing_slash: str = one_of("redirect", "answer", about="a path without slash at its end")
    limit_above_200: str = one_of("clamp", "refuse", about="a greater limit")
    next_keeps: str = one_of("filters", "all", "nothing", about="parameters in next, previous")
    total_count: bool = one_of(False, True, about="meta.total_count, as in older answers")
    order: str = one_of("updated_descending", "insertion", about="of collections")
    since_boundary: str = one_of("exclusive", "inclusive", about="rows updated at `since`")
    empty_list: str = one_of("404", "envelope", about="/lists/:id/clips/ without any clip")
    embedded_cap: int = one_of(
        3, 1, 10, about="most comments, likes, saves, people inside a record"
    )
    media_always: bool = one_of(False, True, about="media without include_data=media")
    stream_holds_collaborators_clips: bool = one_of(
        False, True, about="/clips/ has clips of others in own lists"
    )
    list_collaborators_route: bool = one_of(False, True, about="/lists/:id/collaborators/ is there")
    lists_following: bool = one_of(True, False, about="/lists/following/ is there")
    notification_user_key: str = one_of("user", "item", about="where a notification has its user")
    delete_list: str = one_of("cascades", "to_inbox", about="own clips of a deleted list")
    duplicate_url: str = one_of("accept", "refuse", about="a second clip of an address")
    era: str = one_of("2013", "2012", about="2012: times as text, short records")
    versions_change_payload: bool = one_of(False, True, about="versions before 2013 give era 2012")
    maintenance: bool = one_of(False, True, about="everything is 503 with an HTML page")
