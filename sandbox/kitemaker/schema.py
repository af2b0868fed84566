"""The schema of the GraphQL interface: the types and reads that are known of the service.

Names, types and nullability are facts about the service as of 2024; mutations are left out,
since a copy never writes.
"""

from __future__ import annotations

from graphql import GraphQLSchema, build_schema

SDL = """
"An instant, as ISO 8601 text in UTC with milliseconds."
scalar Date

"Any JSON value; its inside is not described."
scalar JSON

type Query {
  "The organisation to which the token belongs, with everything that is set up in it."
  organization: Organization!
  spaceByKey(key: String!): Space!

  "One page of work items; send `cursor` back until `hasMore` is false."
  workItems(cursor: String, count: Int, spaceId: ID, statusFilter: StatusFilter):
    WorkItemsQueryResult!
  workItem(id: ID!): WorkItem!
  "By key and number in one text, such as ABC-123."
  workItemByNumber(number: String!): WorkItem!
  comment(id: ID!): Comment!

  initiatives(cursor: String, count: Int): InitiativesQueryResult!
  initiative(id: ID!): Initiative!
  initiativeByNumber(number: String): Initiative!
  "All roadmaps at once."
  roadmaps: RoadmapsQueryResult!

  feedback(cursor: String, count: Int): FeedbackQueryResult!
  feedbackById(id: ID!): Feedback!
  feedbackByNumber(number: String): Feedback!
  feedbackCompanies: [Company!]!
  feedbackPersons: [Person!]!

  "By the address of the pull or merge request at its host."
  codeReviewRequest(url: String!): CodeReviewRequest!
}

type WorkItemsQueryResult {
  workItems: [WorkItem!]!
  "Never null, on the last page neither."
  cursor: String!
  hasMore: Boolean!
}

type InitiativesQueryResult {
  initiatives: [Initiative!]!
  cursor: String!
  hasMore: Boolean!
}

type FeedbackQueryResult {
  feedback: [Feedback!]!
  cursor: String!
  hasMore: Boolean!
}

type RoadmapsQueryResult {
  roadmaps: [Roadmap!]!
}

input StatusFilter {
  filter: [StatusType!]!
  type: StatusFilterType!
}

enum StatusFilterType {
  EXCLUDE
  INCLUDE
}

enum StatusType {
  ARCHIVED
  BACKLOG
  DONE
  IN_PROGRESS
  TODO
}

type Organization {
  id: ID!
  slug: String!
  name: String!
  createdAt: Date!
  updatedAt: Date!
  applications: [Application!]!
  integrations: [Integration!]!
  integrationUsers: [IntegrationUser!]!
  spaces: [Space!]!
  users: [User!]!
}

type Space {
  id: ID!
  "The letters in front of work item numbers."
  key: String!
  slug: String!
  name: String!
  private: Boolean!
  createdAt: Date!
  updatedAt: Date!
  statuses: [Status!]!
  labels: [Label!]!
  "Null for a space that is open to all."
  members: [User!]
}

"A column of a board."
type Status {
  id: ID!
  type: StatusType!
  name: String!
  default: Boolean!
  createdAt: Date!
  updatedAt: Date!
}

type Label {
  id: ID!
  name: String!
  "Free text: hexadecimal digits or a name."
  color: String!
  createdAt: Date!
  updatedAt: Date!
}

"Whoever did something."
union Actor = Application | Integration | IntegrationUser | User

type User {
  id: ID!
  name: String
  username: String!
  avatar: String
  deactivated: Boolean!
  guest: Boolean!
  createdAt: Date!
  updatedAt: Date!
}

type Application {
  id: ID!
  name: String!
  createdAt: Date!
  updatedAt: Date!
}

type Integration {
  id: ID!
  domain: String
  type: IntegrationType!
  createdAt: Date!
  updatedAt: Date!
}

"A person of another product who has no account here."
type IntegrationUser {
  id: ID!
  externalId: String!
  externalName: String!
  domain: String
  type: IntegrationType!
  createdAt: Date!
  updatedAt: Date!
}

enum IntegrationType {
  DISCORD
  EMAIL
  FIGMA
  GITHUB
  GITLAB
  INTERCOM
  LINEAR
  SENTRY
  SLACK
  TRELLO
  VANTA
  ZAPIER
}

"What can be discussed, and linked from an insight."
union Entity = Initiative | WorkItem

type WorkItem {
  id: ID!
  "Counts inside of the space; another one after a move."
  number: String!
  title: String!
  description: String!
  actor: Actor!
  space: Space!
  status: Status!
  "Where the item stands in its column."
  sort: String!
  effort: String
  impact: String
  createdAt: Date!
  updatedAt: Date!
  closedAt: Date
  archivedAt: Date
  labels: [Label!]!
  members: [User!]!
  watchers: [User!]!
  initiatives: [Initiative!]!
  comments: [Comment!]!
  activities: [Activity!]!
}

type Comment {
  id: ID!
  threadId: String!
  actor: Actor!
  entity: Entity!
  body: String!
  createdAt: Date!
  updatedAt: Date!
}

type Activity {
  id: ID!
  type: ActivityType!
  actor: Actor!
  entity: Entity!
  details: JSON!
  createdAt: Date!
  updatedAt: Date!
}

enum ActivityType {
  CODE_REVIEW_REQUEST_ADDED
  CREATED
  CREATED_FROM
  DEPENDENCY
  DUPLICATED_FROM
  DUPLICATED_TO
  EFFORT_CHANGED
  ENTITIES_CHANGED
  HORIZON_CHANGED
  IMPACT_CHANGED
  IMPORTED
  LABELS_CHANGED
  MEMBERS_CHANGED
  MENTIONED
  MENTIONED_IN_INTEGRATION
  ROADMAPS_CHANGED
  SPACES_CHANGED
  STALE_ISSUE
  STATUS_CHANGED
  TITLE_CHANGED
  TODO_CHANGED
}

type Initiative {
  id: ID!
  number: String!
  title: String!
  description: String!
  color: String!
  actor: Actor!
  effort: String
  impact: String
  createdAt: Date!
  updatedAt: Date!
  archivedAt: Date
  labels: [Label!]!
  members: [User!]!
  watchers: [User!]!
  spaces: [Space!]!
  roadmapColumns: [RoadmapColumn!]!
  workItems: [WorkItem!]!
  comments: [Comment!]!
  activities: [Activity!]!
}

type Roadmap {
  id: ID!
  name: String!
  color: String!
  columns: [RoadmapColumn!]!
  createdAt: Date!
  updatedAt: Date!
}

type RoadmapColumn {
  id: ID!
  name: String!
  columnType: RoadmapColumnStatusType!
  roadmap: Roadmap!
  initiatives: [Initiative!]!
  createdAt: Date!
  updatedAt: Date!
}

enum RoadmapColumnStatusType {
  FUTURE
  PAST
  PRESENT
}

type Feedback {
  id: ID!
  number: String!
  title: String!
  content: String!
  actor: Actor!
  person: Person
  company: Company
  processed: Boolean!
  processedAt: Date
  createdAt: Date!
  updatedAt: Date!
  insights: [Insight!]!
  owners: [User!]!
  tags: [Label!]!
}

"A piece of feedback that was linked to what it is about."
type Insight {
  id: ID!
  content: String!
  actor: Actor!
  entities: [Entity!]!
  createdAt: Date!
  updatedAt: Date!
}

type Person {
  id: ID!
  name: String!
  email: String
  externalId: String
  company: Company
  createdAt: Date!
  updatedAt: Date!
}

type Company {
  id: ID!
  name: String!
  domain: String
  createdAt: Date!
  updatedAt: Date!
}

type CodeReviewRequest {
  id: ID!
  codeReviewType: IntegrationType!
  state: CodeReviewRequestState!
  details: CodeReviewRequestDetails!
  links: [CodeReviewRequestLink!]!
  workItems: [WorkItem!]!
  createdAt: Date!
  updatedAt: Date!
}

type CodeReviewRequestDetails {
  number: String!
  title: String!
  url: String!
}

type CodeReviewRequestLink {
  name: String!
  url: String!
}

enum CodeReviewRequestState {
  CLOSED
  LOCKED
  MERGED
  OPEN
}
"""


def schema() -> GraphQLSchema:
    """The schema, ready to run queries against."""
    return build_schema(SDL)
