"""What can happen to everything around the work items: spaces, labels, people, initiatives."""

from __future__ import annotations

from typing import Any

from sandbox.core import action, set_fields
from sandbox.kitemaker.records import Initiative, Label
from sandbox.kitemaker.work_changes import WorkChanges, by_id


class Changes(WorkChanges):
    """All changes of the organisation."""

    @action
    def rename_space(self, space_id: str, name: str) -> None:
        space = self.world.spaces[space_id]
        space.name = name
        self._touch(space)
        self._after_rename(space)

    @action
    def hide_space(self, space_id: str) -> None:
        """The space becomes private, without the token's user: to the client it vanishes."""
        space = self.world.spaces[space_id]
        space.private = True
        space.insiders = [user for user in space.insiders if user is not self.world.users[0]]
        self._touch(space)

    @action
    def show_space(self, space_id: str) -> None:
        """The space becomes public again, with everything in it."""
        self.world.spaces[space_id].private = False
        self._touch(self.world.spaces[space_id])

    @action
    def delete_space(self, space_id: str) -> None:
        """The space and its work items, labels and statuses are gone for good."""
        space = self.world.spaces.pop(space_id)
        for item in space.items.values():
            del self.world.work_items[item.id]
        self.world.tick()

    @action
    def rename_status(self, status_id: str, name: str) -> None:
        statuses = [s for space in self.world.spaces.values() for s in space.statuses]
        status = by_id(statuses, status_id)
        status.name = name
        self._touch(status)
        self._after_rename(status)

    @action
    def rename_label(self, label_id: str, name: str) -> None:
        label = by_id(self._labels(), label_id)
        label.name = name
        self._touch(label)
        self._after_rename(label)

    @action
    def edit_user(self, user_id: str, **fields: Any) -> None:
        user = by_id(self.world.users, user_id)
        set_fields(user, fields)
        self._touch(user)

    @action
    def deactivate_user(self, user_id: str, on: bool = True) -> None:
        """The user left; the row stays."""
        self.edit_user(user_id, deactivated=on)

    @action
    def add_initiative(self, title: str = "A new plan", **fields: Any) -> str:
        """A new initiative in the first space and the first roadmap column; returns its id."""
        initiative = self.world.make_initiative(title)
        set_fields(initiative, fields)
        initiative.spaces = list(self.world.spaces.values())[:1]
        self.world.place(initiative, self.world.roadmaps[0].columns[0])
        return initiative.id

    @action
    def archive_initiative(self, initiative_id: str, on: bool = True) -> None:
        """Set or clear archived_at; the initiative stays readable."""
        initiative = self._initiative(initiative_id)
        self._touch(initiative)
        initiative.archived_at = initiative.updated_at if on else None

    @action
    def set_initiative_spaces(self, initiative_id: str, space_ids: list[str]) -> None:
        initiative = self._initiative(initiative_id)
        initiative.spaces = [self.world.spaces[space_id] for space_id in space_ids]
        self._touch(initiative)

    @action
    def delete_initiative(self, initiative_id: str) -> None:
        """The initiative and its comments are gone; its number stays a hole."""
        initiative = self._initiative(initiative_id)
        del self.world.initiatives[initiative.number]
        self.world.tick()

    @action
    def add_feedback(self, title: str = "A wish", **fields: Any) -> str:
        """New feedback with one insight, linked to the first work item; returns its id."""
        feedback = self.world.make_feedback(title)
        set_fields(feedback, fields)
        insight = self.world.make_insight(feedback, feedback.contents)
        insight.linked = [*list(self.world.work_items.values())[:1]]
        return feedback.id

    @action
    def edit_feedback(self, feedback_id: str, **fields: Any) -> None:
        """Set plain fields; `processed` sets or clears processed_at too."""
        feedback = by_id(list(self.world.feedback.values()), feedback_id)
        set_fields(feedback, fields)
        self._touch(feedback)
        if "processed" in fields:
            feedback.processed_at = feedback.updated_at if feedback.processed else None

    @action
    def delete_feedback(self, feedback_id: str) -> None:
        """The feedback and its insights are gone; its number stays a hole."""
        feedback = by_id(list(self.world.feedback.values()), feedback_id)
        del self.world.feedback[feedback.number]
        self.world.tick()

    @action
    def link_insight(self, insight_id: str, entity_id: str, on: bool = True) -> None:
        """Link an insight to a work item or initiative, or cut the link."""
        insights = [i for feedback in self.world.feedback.values() for i in feedback.insights]
        insight, entity = by_id(insights, insight_id), self._entity(entity_id)
        insight.linked = [other for other in insight.linked if other is not entity]
        insight.linked += [entity] * on
        self._touch(insight)

    @action
    def fail_graphql(self, times: int = 1, partly: bool = False) -> None:
        """The next GraphQL answers have errors; partly: half of the rows come with them."""
        self.failing, self.failing_partly = times, partly

    def _labels(self) -> list[Label]:
        spaces = self.world.spaces.values()
        return [
            *self.world.general_labels,
            *(label for s in spaces for label in s.labels),
        ]

    def _initiative(self, initiative_id: str) -> Initiative:
        found: Initiative = by_id(list(self.world.initiatives.values()), initiative_id)
        return found
