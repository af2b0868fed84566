"""Kinesis API: what is kept of people, projects and what they built in them.

Field facts: connectors/kinesis/notes.md. Nothing carries a time of its last change, so a new
version is seen by its content; ids are numbers in today's product and UUIDs in the older one,
and are kept as text.
"""

from __future__ import annotations

from connectors.core import Column, Reference, Table, col, inherited

NAME = col("name", "text", "its name for people")
DESCRIPTION = col("description", "text", "what it is for, in people's words")
PROJECT_ID = inherited("project_id", "text", "the project that holds it")
COLLECTION_ID = inherited("collection_id", "text", "the collection that holds it")
OF_PROJECT = Reference("project_id", "projects", owner=True)
OF_COLLECTION = Reference(("project_id", "collection_id"), "collections", owner=True)

USERS = Table(
    "users",
    "One person who may log in",
    (
        col("id", "text", "the user's id; 0 is a valid one"),
        col("first_name", "text", "given name"),
        col("last_name", "text", "family name"),
        col("username", "text", "the unique name, without regard to case"),
        col("email", "text", "the unique e-mail address"),
        col("role", "text", "`ROOT`, `ADMIN`, `AUTHOR` or `VIEWER`"),
        col("bio", "text", "how they describe themselves"),
        col("profile_picture", "text", "path or address of a picture, without access tokens"),
        col("is_public", "boolean", "whether anyone may see the profile"),
        col("links", "json", "links of the profile, in the shape that the service gives them"),
    ),
)

CONFIGS = Table(
    "configs",
    "One setting of the instance",
    (
        col("name", "text", "the setting's name", aliases=("key",)),
        col("value", "text", "its value; NULL unless the name is known to hold no secret"),
    ),
    key=("name",),
)

CONSTRAINT_COMPONENTS = Table(
    "constraint_components",
    "One kind of thing whose properties are bounded",
    (col("component_name", "text", "the kind of thing, such as `collection`"),),
    key=("component_name",),
)

CONSTRAINTS = Table(
    "constraints",
    "The bounds of one property of one kind of thing",
    (
        inherited("component_name", "text", "the kind of thing"),
        col("property_name", "text", "the property that is bounded"),
        col("is_alphabetic", "boolean", "whether letters are allowed"),
        col("is_numeric", "boolean", "whether digits are allowed"),
        col("min", "integer", "the shortest length", unit="characters"),
        col("max", "integer", "the longest length", unit="characters"),
        col("not_allowed", "json", "characters that are refused, a list"),
        col("additional_allowed", "json", "further characters that are allowed, a list"),
    ),
    key=("component_name", "property_name"),
    parents=(Reference("component_name", "constraint_components", owner=True),),
)

MEDIA = Table(
    "media",
    "One uploaded file, as far as it is described",
    (
        col("id", "text", "the file's id"),
        col("name", "text", "path below the origin, or a bare name without a file (2023)"),
        col("path", "text", "path below the origin (today's product)"),
        col("file_type", "text", "its media type"),
        col("file_size", "integer", "its size", unit="bytes"),
        col("security", "text", "`PUBLIC` or `PRIVATE`"),
    ),
)

EVENTS = Table(
    "events",
    "One thing that somebody did, as the service logged it",
    (
        col("id", "text", "the event's id"),
        col("event_type", "text", "what was done, such as `data_create`"),
        col("description", "text", "who did what to which thing, in the service's words"),
        col("timestamp", "time", "when, cut off at microseconds", parse="utc_word"),
        col("timestamp", "text", "when, as written with up to 9 digits", name="timestamp_raw"),
        col("redirect", "text", "the page of the web interface that shows it"),
    ),
    newest="timestamp",
)

PROJECTS = Table(
    "projects",
    "One project: a set of collections and routes",
    (
        col("id", "text", "the project's id, chosen by people; it can be renamed"),
        NAME,
        DESCRIPTION,
        col("api_path", "text", "the path below which its routes answer"),
    ),
)

PROJECT_MEMBERS = Table(
    "project_members",
    "One member of one project",
    (PROJECT_ID, col("user_id", "text", "the member; the user may no longer exist")),
    key=("project_id", "user_id"),
    parents=(OF_PROJECT, Reference("user_id", "users", orphans=1.0)),
)

COLLECTIONS = Table(
    "collections",
    "One collection: the structure of a set of records",
    (
        PROJECT_ID,
        col("id", "text", "the collection's id, unique in its project; it can be renamed"),
        NAME,
        DESCRIPTION,
    ),
    key=("project_id", "id"),
    parents=(OF_PROJECT,),
    ignored=("project_id",),
)

CUSTOM_STRUCTURES = Table(
    "custom_structures",
    "One named group of structures in a collection",
    (
        PROJECT_ID,
        COLLECTION_ID,
        inherited("position", "integer", "its place among the collection's groups, from 0"),
        col("id", "text", "the group's id"),
        NAME,
        DESCRIPTION,
    ),
    key=("project_id", "collection_id", "id"),
    parents=(OF_COLLECTION,),
)

STRUCTURES = Table(
    "structures",
    "One field of a collection, or of a custom structure in it",
    (
        PROJECT_ID,
        COLLECTION_ID,
        inherited("custom_structure_id", "text", "the group that holds it; empty for a plain one"),
        inherited("position", "integer", "its place among its neighbours, from 0"),
        col("id", "text", "the field's id"),
        NAME,
        DESCRIPTION,
        inherited("stype", "text", 'its type; one made by people is the JSON `{"CUSTOM": name}`'),
        inherited("stype_custom", "text", "the custom structure that is its type, if it is one"),
        col("default_val", "text", "read in place of an empty value; NULL where that is secret"),
        col("min", "integer", "the shortest length of a value", unit="characters"),
        col("max", "integer", "the longest length of a value", unit="characters"),
        col("encrypted", "boolean", "whether values are stored encrypted; such are not kept"),
        col("unique", "boolean", "whether no two records may share a value"),
        col("regex_pattern", "text", "what values must match; empty for anything"),
        col("array", "boolean", "whether a value is a list, joined by commas"),
        col("required", "boolean", "whether a value must be there"),
    ),
    key=("project_id", "collection_id", "custom_structure_id", "id"),
    parents=(OF_COLLECTION,),
    ignored=("stype",),
)

RECORDS = Table(
    "records",
    "One record of a collection",
    (
        PROJECT_ID,
        COLLECTION_ID,
        col("data_id", "text", "the record's id, unique in its collection; an edit changes it"),
        col("published", "boolean", "whether it is published"),
        inherited("values", "json", "structure id -> value as text; secret structures left out"),
        inherited("custom_values", "json", "custom structure id -> structure id -> value as text"),
    ),
    key=("project_id", "collection_id", "data_id"),
    parents=(OF_COLLECTION,),
    unordered=("structures", "custom_structures"),
    ignored=("structures", "custom_structures"),
)


def nested(name: str, **members: tuple[str, str]) -> tuple[Column, ...]:
    """Columns for the members of an object that may be null."""
    return tuple(
        col(f"{name}.{member}", kind, meaning) for member, (kind, meaning) in members.items()
    )


ROUTES = Table(
    "routes",
    "One route that people built over a project's collections",
    (
        PROJECT_ID,
        col("route_id", "text", "the route's id, unique in its project"),
        col("route_path", "text", "its path below that of the project"),
        *nested(
            "auth_jwt",
            active=("boolean", "whether callers must be logged in; NULL without such a rule"),
            field=("text", "the field that holds the caller's id"),
            ref_col=("text", "the collection that holds the callers"),
        ),
        col("body", "json", "what the body of a call holds: a list of id and bdtype"),
        *nested(
            "params",
            delimiter=("text", "what parts the parameters; NULL without any"),
            pairs=("json", "the parameters: a list of id and bdtype"),
        ),
        col("flow", "json", "the blocks of the route by kind; may hold what people typed in"),
    ),
    key=("project_id", "route_id"),
    parents=(OF_PROJECT,),
    ignored=("project_id",),
)
