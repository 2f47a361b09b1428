"""Comments ("threads") on the wire. Spec: api-tasks 14."""

from collections.abc import Iterable
from typing import Annotated, ClassVar

import msgspec
from msgspec import UNSET, Meta, UnsetType

from procession.adapters.text import stored_markup
from procession.api.contract.files import Asset, AssetName
from procession.api.params import PageParams
from procession.domain.processes import ThreadLabel
from procession.domain.threads import MAX_CONTENT, MAX_SELECTED_TEXT, AuthorKind, ThreadState

Content = Annotated[
    str, Meta(max_length=MAX_CONTENT, description="HTML or plain text; `@[<member id>]` mentions a member.")
]
State = Annotated[
    ThreadState | None,
    Meta(description="Who sees it; `hide-for-guests` unless said otherwise."),
]

MAX_FILES = 50
Files = Annotated[
    list[str | AssetName],
    Meta(
        max_length=MAX_FILES,
        description="Files that it carries, by their ids or as the upload answered; uploaded to its subject before.",
    ),
]


class ThreadAuthor(msgspec.Struct):
    """A member, a guest or the bot; guests do not learn others' addresses."""

    id: int | None
    full_name: str
    email: str | None
    profile_pic: str | None


class Reaction(msgspec.Struct):
    emoji: str
    users: list[int]


class ThreadOut(msgspec.Struct):
    """A comment, problem or improvement."""

    id: str
    content: Annotated[str, Meta(description="HTML; mentions are shown as names.")]
    author_id: int | None
    author_type: AuthorKind
    author: ThreadAuthor
    task_id: str | None
    label: ThreadLabel
    state: ThreadState
    created_at: str
    updated_at: str
    archived_at: str | None
    resolve_id: Annotated[str | None, Meta(description="On a problem: the comment that resolved it; null: unresolved.")]
    sent_to: Annotated[list[int], Meta(description="Members it mentions.")]
    reactions: list[Reaction]
    selected_text: Annotated[str | None, Meta(description="The piece of the description that it is about.")]
    assets: Annotated[list[Asset], Meta(description="Files that it carries, the newest first.")]


class TemplateThread(ThreadOut, kw_only=True):
    """A comment on a template or one of its steps."""

    step_id: Annotated[str | None, Meta(description="null: on the template as a whole.")]
    is_read: bool
    is_hidden: Annotated[bool, Meta(description="From everybody but the template's editors.")]
    source_id: Annotated[str | None, Meta(description="The comment on a task that this improvement is a copy of.")]
    reply_to: Annotated[str | None, Meta(description="The comment it answers.")]


class CommentCounts(msgspec.Struct, kw_only=True):
    """How many comments there are on a step, hidden ones left out; on the template as a whole without `step_id`."""

    step_id: str | None
    title: Annotated[str | None, Meta(description="null for the template, and for steps that are gone.")]
    comments: int
    improvements: int
    unread_improvements: int


class TemplateThreadListParams(PageParams, frozen=True, kw_only=True):
    step_id: Annotated[str | None, Meta(description="Of this step; `none`: of the template as a whole.")] = None
    label: Annotated[ThreadLabel | None, Meta(description="Only comments of this label.")] = None
    unread: Annotated[bool | None, Meta(description="Only those that no editor has marked as read.")] = None
    hidden: Annotated[bool | None, Meta(description="Hidden ones, too; for editors.")] = None

    BARE_FLAGS: ClassVar[frozenset[str]] = frozenset({"unread", "hidden"})


class CommentMarks(msgspec.Struct):
    is_read: bool | UnsetType = UNSET
    is_hidden: bool | UnsetType = UNSET


def ids_of(named: Iterable[str | AssetName]) -> tuple[str, ...]:
    ids = (each if isinstance(each, str) else each.id for each in named)
    return tuple(each.lower() for each in ids)


class _Written(msgspec.Struct):
    """Markup is made safe as soon as it is read: outside the transaction."""

    content: Content

    def __post_init__(self) -> None:
        self.content = stored_markup(self.content)


class _Carrying(_Written):
    assets: Files | None = None

    @property
    def files(self) -> tuple[str, ...]:
        """Their ids."""
        return ids_of(self.assets or ())


class CommentBody(_Carrying):
    """A new comment; labelled `problem` on a task it reports a problem."""

    state: State = None
    label: ThreadLabel | None = None
    selected_text: Annotated[str, Meta(max_length=MAX_SELECTED_TEXT)] | None = None


class TemplateCommentBody(CommentBody):
    """A new comment on a template or step, or an answer to one, which stands where that does."""

    reply_to: str | None = None


class GuestCommentBody(_Carrying):
    """A guest's comment, which members and guests of the task see."""

    label: ThreadLabel | None = None


class ProblemBody(_Carrying):
    """A problem with a task, or an issue that locks a process."""


class BotCommentBody(_Written):
    """A comment in the bot's name."""


class ResolveBody(_Carrying, kw_only=True):
    """What resolves which problem."""

    thread_id: Annotated[str, Meta(description="The problem.")]
    state: State = None


class GuestCommentChange(msgspec.Struct, kw_only=True):
    """What a guest may change of a comment, which stays open to all who see the task."""

    content: Content | UnsetType = UNSET
    label: ThreadLabel | UnsetType = UNSET
    assets: Annotated[Files, Meta(description="Instead of those that it carries.")] | UnsetType = UNSET

    def __post_init__(self) -> None:
        if isinstance(self.content, str):
            self.content = stored_markup(self.content)


class CommentChange(GuestCommentChange, kw_only=True):
    state: ThreadState | UnsetType = UNSET
