"""Value objects that several resources show. Spec: api-conventions 18."""

import msgspec


class Blocker(msgspec.Struct):
    """A task that must be completed before another; all null where the caller may not see it."""

    task_id: str | None
    step_id: str | None
    title: str | None


class TagLink(msgspec.Struct):
    """A tag on something: `id` is the association (for detaching), `tag_id` the tag (for filtering)."""

    id: int
    tag_id: str
    title: str
    color: str | None
    type: str | None
