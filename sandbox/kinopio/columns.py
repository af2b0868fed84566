"""What a copy holds of each record, in the names of the copy; see `truth` for what is left out.

Written apart from what the service sends in each era, so that it can differ.
"""

from __future__ import annotations

from sandbox.kinopio.switches import KinopioSwitches


def names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


STAMPS = "created_at updated_at"
USER = names(
    "id name color description website is_upgraded is_moderator is_guide_maker is_donor "
    "is_ambassador"
)
GROUP = names("id name color")
FAVORITE_SPACE = names("id name privacy is_edited is_removed created_at url")
NOTIFICATION = names(
    f"id type recipient_user_id user_id space_id card_id is_read is_emailed {STAMPS}"
)
SPACE = names(
    "id name privacy url user_id created_at edited_by_user_id is_removed removed_by_user_id "
    "is_hidden is_template is_from_tweet is_restricted_by_moderator show_in_explore "
    "show_in_explore_updated_at proposed_show_in_explore moon_phase origin_space_id background "
    "background_tint background_is_gradient background_gradient default_card_max_width"
)
NEWER_SPACE = names("note group_id added_to_group_by_user_id drawing_image")
CARD = names(
    f"id name user_id {STAMPS} x y z width height resize_width tilt frame_id background_color "
    "name_updated_at name_updated_by_user_id counter_value counter_is_visible code_block_language "
    "link_to_space_id link_to_card_id url_preview_url url_preview_title url_preview_description "
    "url_preview_image url_preview_favicon url_preview_error_url url_preview_is_visible is_removed "
    "is_locked is_comment is_created_through_public_api should_hide_url_preview_image "
    "should_hide_url_preview_info should_update_url_preview should_show_other_space_preview_image"
)
NEWER_CARD = names(
    "list_id list_position_index is_todo url_is_visible max_width header_font_id "
    "header_font_size video_is_paused url_preview_iframe_url at_user_mentions at_date_mentions"
)
CONNECTION = names(
    f"id user_id {STAMPS} start_item_id end_item_id path control_point label_is_visible "
    "label_relative_position_x label_relative_position_y direction_is_visible"
)
TYPE = names(f"id name color user_id {STAMPS}")
BOX = names(
    f"id name color fill user_id {STAMPS} x y resize_width resize_height info_width info_height "
    "is_locked"
)
NEWER_BOX = names("z background background_is_stretch is_todo header_font_id header_font_size")
TAG = names(f"id name color card_id {STAMPS}")
LIST = names(
    f"id name color user_id {STAMPS} x y z resize_width height frame_id is_collapsed "
    "should_update_list"
)
LINE = names(f"id name color user_id {STAMPS} y")


def of_children(switches: KinopioSwitches) -> dict[str, tuple[str, ...]]:
    """Table -> columns of what lies in spaces; none where the era does not send it.

    Newer kinds and fields are not sent in the era 2023, connection types not in 2026, when
    connections have a name and colour of their own.
    """
    newer, newest = switches.era != "2023", switches.era == "2026"
    own = names("name color name_updated_by_user_id") if newest else ("connection_type_id",)
    return {
        "cards": CARD + NEWER_CARD if newer else CARD,
        "connections": CONNECTION + own,
        "connection_types": () if newest else TYPE,
        "boxes": BOX + NEWER_BOX if newer else BOX,
        "tags": (*TAG, "user_id") if newer else TAG,
        "lists": LIST if newer else (),
        "lines": LINE if newer else (),
    }
