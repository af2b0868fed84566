"""What Kinopio's API page leaves open or tells in two ways, served in either form."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.core import Switches, one_of


@dataclass
class KinopioSwitches(Switches):
    era: str = one_of(
        "mixed", "2023", "2026",
        about="2023: connectionTypes and startCardId; 2026: startItemId, lists, lines, strokes, "
        "no connectionTypes; mixed: both generations of children, either pair of names",
    )  # fmt: skip
    spelling: str = one_of(
        "documented", "newer", "both", about="removedCards and notifications, or newer spellings"
    )
    listing_rows: str = one_of("metadata", "full", about="rows of /user/spaces")
    listing_flaws: str = one_of(
        "none", "duplicate_and_null", about="one space twice and one null in /user/spaces"
    )
    hidden_spaces: str = one_of("listed", "left_out", about="hidden spaces in /user/spaces")
    template_spaces: str = one_of("listed", "left_out", about="templates in /user/spaces")
    group_spaces: str = one_of(
        "listed", "left_out", about="spaces of other members of one's groups in /user/spaces"
    )
    newer_lists: str = one_of(
        "served", "gone",
        about="/user/groups and the lists of hidden spaces, templates and groups' spaces",
    )  # fmt: skip
    batch_cards: str = one_of("full", "no_cards", "metadata", about="spaces in /space/multiple")
    batch_missing: str = one_of(
        "omitted", "empty", about="an unknown or forbidden id in a batch: left out, or {}"
    )
    batch_over_60: str = one_of("first60", "400", about="more than 60 ids in a batch")
    removed_cards_inline: bool = one_of(False, True, about="`cards` holds removed cards too")
    dropped_routes: str = one_of("served", "gone", about="/user/ai-images, dropped later")
    ai_images_default_limit: int = one_of(10, 100, about="images without ?limit=")
    favorite_colors: str = one_of("object", "text", about="favourite colours: {color}, or text")
    owner_field: str = one_of("userId", "ownerUserId", about="where a space names its owner")
    collaborator_key: str = one_of("text", "object", about="as text or {collaboratorKey: text}")
    full_owner: bool = one_of(
        True, False, about="imported spaces hold the whole signed-in user, secrets included"
    )
    user_api_key: str = one_of("sent", "absent", about="whether GET /user holds apiKey")
    numbers: str = one_of("int", "text", about="sizes and frames (of boxes: positions too)")
    positions: str = one_of("fractions", "whole", about="whether some x and y have fractions")
    box_edits: str = one_of(
        "move_updated_at", "leave_updated_at", about="a box's edit and the space's updatedAt"
    )
    errors: str = one_of(
        "json", "text", "in_body", about="JSON, HTML text, or 200 with the status inside"
    )
    throttled_body: str = one_of("text", "json", about="the body of a 429")
    account: str = one_of("upgraded", "free", about="a free account stops at 100 created cards")
    card_text_limit: int = one_of(4000, 2000, about="as many characters as a card may have")
    posted_times: str = one_of("replaced", "kept", about="createdAt of what a client posts")
    posted_children: str = one_of(
        "all", "documented", about="lists, lines and drawings in a posted space, or none of them"
    )
    tags_by_text: str = one_of("made", "ignored", about="[[name]] in a posted card makes a tag")
    write_answers: str = one_of("records", "empty", about="what a write answers: records, or {}")
