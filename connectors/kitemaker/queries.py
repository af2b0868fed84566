"""Kitemaker: every GraphQL query that kollect sends, with REST's names where both have one.

All are reads. A test proves each of them valid against the vendor's schema of 2024-05. Lists
inside of a record are not paged. Activities, which make pages heavy, come where `$activities` is
true.
"""

from __future__ import annotations

TIMES = "createdAt updatedAt"
ACTOR = """
  actor {
    __typename
    ... on User { id username name }
    ... on Application { id label: name }
    ... on Integration { id service: type }
    ... on IntegrationUser { id label: externalName }
  }
"""
"""`name` may be null for users alone, so that the others' names need an alias."""
NAMED = "id name"
LABEL = f"{NAMED} color"
TALK = f"""
  comments {{ id body threadId {TIMES} {ACTOR} }}
  activities @include(if: $activities) {{ id type details {TIMES} {ACTOR} }}
"""
ACTIVITIES = "$activities: Boolean = false"
WORK_ITEM_FIELDS = f"""
  id number title description sort effort impact {TIMES} closedAt archivedAt
  {ACTOR}
  status {{ {NAMED} }}
  space {{ {NAMED} }}
  labels {{ {LABEL} }}
  members {{ id }}
  watchers {{ id }}
  {TALK}
"""
INITIATIVE_FIELDS = f"""
  id number title description color effort impact {TIMES} archivedAt
  {ACTOR}
  spaces {{ {NAMED} }}
  labels {{ {LABEL} {TIMES} }}
  members {{ id }}
  watchers {{ id }}
  workItems {{ id }}
  roadmapColumns {{ id }}
  {TALK}
"""
FEEDBACK_FIELDS = f"""
  id number title contents: content processed processedAt {TIMES}
  {ACTOR}
  person {{ id }}
  company {{ id }}
  owners {{ id }}
  tags {{ {LABEL} {TIMES} }}
  insights {{
    id contents: content {TIMES}
    {ACTOR}
    entities {{ type: __typename ... on WorkItem {{ id }} ... on Initiative {{ id }} }}
  }}
"""
CODE_REVIEW_FIELDS = f"""
  id codeReviewType state details {{ number url title }} links {{ name url }} {TIMES}
  workItems {{ id }}
"""

ORGANIZATION_QUERY = f"""
query Organization {{
  organization {{
    id name slug {TIMES}
    spaces {{
      id key name slug private {TIMES}
      statuses {{ {NAMED} type default {TIMES} }}
      labels {{ {LABEL} {TIMES} }}
      members {{ id }}
    }}
    users {{ id username name avatar guest deactivated {TIMES} }}
    applications {{ {NAMED} {TIMES} }}
    integrations {{ id type domain {TIMES} }}
    integrationUsers {{ id type domain externalId externalName {TIMES} }}
  }}
}}
"""
WORK_ITEMS_QUERY = f"""
query WorkItems(
  $spaceId: ID!, $cursor: String, $count: Int, $statusFilter: StatusFilter, {ACTIVITIES}
) {{
  workItems(spaceId: $spaceId, cursor: $cursor, count: $count, statusFilter: $statusFilter) {{
    workItems {{ {WORK_ITEM_FIELDS} }}
    cursor
    hasMore
  }}
}}
"""
INITIATIVES_QUERY = f"""
query Initiatives($cursor: String, $count: Int, {ACTIVITIES}) {{
  initiatives(cursor: $cursor, count: $count) {{
    initiatives {{ {INITIATIVE_FIELDS} }}
    cursor
    hasMore
  }}
}}
"""
INITIATIVE_QUERY = f"""
query Initiative($id: ID!, {ACTIVITIES}) {{ initiative(id: $id) {{ {INITIATIVE_FIELDS} }} }}
"""
ROADMAPS_QUERY = f"""
query Roadmaps {{
  roadmaps {{ roadmaps {{ {LABEL} {TIMES} columns {{ {NAMED} columnType {TIMES} }} }} }}
}}
"""
FEEDBACK_QUERY = f"""
query Feedback($cursor: String, $count: Int) {{
  organization {{ id }}
  feedback(cursor: $cursor, count: $count) {{
    feedback {{ {FEEDBACK_FIELDS} }}
    cursor
    hasMore
  }}
}}
"""
FEEDBACK_BY_ID_QUERY = f"""
query FeedbackById($id: ID!) {{
  organization {{ id }}
  feedbackById(id: $id) {{ {FEEDBACK_FIELDS} }}
}}
"""
PEOPLE_QUERY = f"""
query People {{ feedbackPersons {{ {NAMED} email externalId {TIMES} company {{ id }} }} }}
"""
COMPANIES_QUERY = f"""
query Companies {{ feedbackCompanies {{ {NAMED} domain {TIMES} }} }}
"""

MOST_AT_ONCE = 25
"""Records asked for one by one in one query: half of what a page may hold."""


def _several(kind: str, argument: str, wanted: str, fields: str, more: str = "") -> dict[int, str]:
    """Queries for one up to MOST_AT_ONCE records; the variables are `w0`, `w1`..."""
    field = kind[0].lower() + kind[1:]
    texts = {}
    for count in range(1, MOST_AT_ONCE + 1):
        names = [f"w{n}" for n in range(count)]
        variables = ", ".join(f"${name}: {wanted}" for name in names) + more
        parts = " ".join(f"{name}: {field}({argument}: ${name}) {{ ...Fields }}" for name in names)
        texts[count] = (
            f"query Several{kind}s({variables}) {{ {parts} }}\n"
            f"fragment Fields on {kind} {{ {fields} }}\n"
        )
    return texts


WORK_ITEM_QUERIES = _several("WorkItem", "id", "ID!", WORK_ITEM_FIELDS, f", {ACTIVITIES}")
CODE_REVIEW_QUERIES = _several("CodeReviewRequest", "url", "String!", CODE_REVIEW_FIELDS)
QUERIES = (
    ORGANIZATION_QUERY,
    WORK_ITEMS_QUERY,
    *WORK_ITEM_QUERIES.values(),
    *CODE_REVIEW_QUERIES.values(),
    INITIATIVES_QUERY,
    INITIATIVE_QUERY,
    ROADMAPS_QUERY,
    FEEDBACK_QUERY,
    FEEDBACK_BY_ID_QUERY,
    PEOPLE_QUERY,
    COMPANIES_QUERY,
)
