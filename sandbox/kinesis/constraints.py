"""The bounds that the service checks input against: 29 components with 67 properties.

In short form, one line for each component: property, letters that say whether it is
alphabetic (a) and numeric (n), bounds, then what else it allows (+) or forbids (!).
"""

from __future__ import annotations

from sandbox.kinesis.records import Constraint

SHORT_FORM = """
collection: id an 1 100 +-_, project_id an 1 100 +-_, name an 1 100 +-~, description . 1 400 !;>#
config: name an 1 100 +-_, value . 1 200 !|
custom_structure: id an 1 100 +-_, name an 1 100 +-~, description . 0 1000 !;>#
data: id an 1 100 +-_, project_id an 1 100 +-_, collection_id an 1 100 +-_
datapair: id an 1 100 +-_, structure_id an 1 200 +-_, custom_structure_id an 0 200 +-_, \
value . 0 500000 !|, dtype an 1 100 +-_
event: event_type an 1 100 +-_, description . 1 1000 !;, redirect . 1 200 !;
media: id an 1 500 +-_, name . 1 500 !^
project: id an 1 100 +-_, name an 1 100 +-_~, description . 0 400 !;, api_path an 1 50 +-_/, \
members an 1 50 +-_
structure: id an 1 100 +-_, name an 1 100 +-_~, description . 0 1000 !;>#, stype . 0 100 !;@>#, \
default_val . 0 99999999 !;>#, regex_pattern . 0 1000 !;>#
user: first_name a 1 100 +-~, last_name a 1 100 +-~, username an 1 100 +-_, email . 1 100 !;, \
password . 7 100 !;
route_component: route_id an 1 100 +-_, route_path an 1 200 +-_/, project_id an 1 100 +-_
auth_jwt: field an 0 100 +-_, ref_col an 0 100 +-_
body_data: id an 1 100 +-_, bdtype . 1 100 !;@>#
param_data: delimiter an 0 5 +&!#-_
assignment_block: local_name an 1 100 +-_
create_block: ref_col an 1 100 +-_, ref_object an 1 100 +-_
fetch_block: local_name an 1 100 +-_, ref_col an 1 100 +-_
filter_block: local_name an 1 100 +-_, ref_var an 1 100 +-_, ref_property an 1 100 +-_.
function_block: local_name an 1 100 +-_
loop_block: local_name an 1 100 +-_
object_block: local_name an 1 100 +-_
property_block: local_name an 1 100 +-_
template_block: local_name an 1 100 +-_, template . 1 1000
update_block: ref_col an 1 100 +-_, ref_property an 0 100 +-_.
fail_obj: message an 0 200 +-_:;~./
object_pair: id an 1 100 +-_
property: additional an 0 100 +-_.
ref_data: data an 0 200 +-_:;~.
update_target: field an 1 100 +-_
"""


def default_constraints() -> list[Constraint]:
    """The bounds of a new installation, components together, in the service's order."""
    return [
        _constraint(component, part)
        for line in SHORT_FORM.strip().splitlines()
        for component, _, parts in [line.partition(": ")]
        for part in parts.split(", ")
    ]


def _constraint(component: str, part: str) -> Constraint:
    name, kinds, low, high, *marks = part.split()
    marked = {mark[0]: [*mark[1:].replace("~", " ")] for mark in marks}  # ~ stands for a space
    return Constraint(
        component_name=component,
        property_name=name,
        is_alphabetic="a" in kinds,
        is_numeric="n" in kinds,
        min=int(low),
        max=int(high),
        not_allowed=marked.get("!", []),
        additional_allowed=marked.get("+", []),
    )
