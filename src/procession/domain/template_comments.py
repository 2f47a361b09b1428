"""Comments on templates and their steps, as editors work through them. Spec: behaviour-work V1, V2."""

import msgspec


class CommentMark(msgspec.Struct, frozen=True, kw_only=True):
    """What a comment on a template has besides. Column names and fields agree (storage.rows).

    `step_id` None: it is on the template as a whole. `source_id` is the comment on a task that this is a copy of.
    """

    thread: int
    template_id: str
    step_id: str | None = None
    is_read: bool = False
    is_hidden: bool = False
    source_id: str | None = None
    reply_to: str | None = None


class StepComments(msgspec.Struct, frozen=True):
    """How many comments there are on a step (None: on the template itself), those that are hidden left out."""

    step_id: str | None
    comments: int
    improvements: int
    unread_improvements: int
