"""The words of the activity feed: what events are called, and what callers filter by. Spec: api-content 7."""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple, get_args

FilterVerb = Literal[
    "created",
    "updated",
    "owners-updated",
    "uploaded",
    "completed",
    "uncompleted",
    "deleted",
    "re-ordered",
    "commented",
    "issue-reported",
    "issue-resolved",
    "archived",
    "unarchived",
    "re-opened",
    "emitted",
    "enabled",
    "disabled",
    "comment-deleted",
    "invited",
    "invite-accepted",
    "linked",
    "unlinked",
    "executed",
    "execution_fail",
]
FilterType = Literal[
    "Comment", "Task", "Step", "Process", "Blueprint", "User", "Organization", "Tag", "Group", "execution"
]
EntityType = Literal["checklist", "run", "step", "task", "thread"]

VERBS: tuple[FilterVerb, ...] = get_args(FilterVerb)
TYPES: tuple[FilterType, ...] = get_args(FilterType)
ENTITIES: tuple[EntityType, ...] = get_args(EntityType)
EXECUTION = "execution"


class Kind(NamedTuple):
    """How events of a kind are shown; `says` is what was done to the thing, which follows it or takes its place."""

    verb: str
    type: str
    says: str


KINDS: Mapping[str, Kind] = {
    "process.launched": Kind("created", "Process", "launched"),
    "process.updated": Kind("updated", "Process", "changed"),
    "process.completed": Kind("completed", "Process", "completed"),
    "process.reopened": Kind("re-opened", "Process", "re-opened"),
    "process.archived": Kind("archived", "Process", "archived"),
    "process.restored": Kind("unarchived", "Process", "restored"),
    "process.put_on_hold": Kind("updated", "Process", "put on hold"),
    "process.resumed": Kind("updated", "Process", "resumed"),
    "process.moved": Kind("updated", "Process", "moved to another version of its template"),
    "process.deleted": Kind("deleted", "Process", "deleted"),
    "process.recovered": Kind("unarchived", "Process", "brought back from the bin"),
    "process.purged": Kind("deleted", "Process", "erased from the bin"),
    "process.stage_added": Kind("updated", "Process", "given a milestone"),
    "process.stage_changed": Kind("updated", "Process", "given another name, place or tasks of a milestone"),
    "process.stage_deleted": Kind("updated", "Process", "freed of a milestone"),
    "process.kickoff_submitted": Kind("completed", "Process", "given its kick-off form"),
    "process.kickoff_reopened": Kind("re-opened", "Process", "given its kick-off form to fill in again"),
    "process.public_link_renewed": Kind("updated", "Process", "given another public link"),
    "process.linked": Kind("linked", "Process", "tagged or filed"),
    "process.unlinked": Kind("unlinked", "Process", "taken out of a tag or folder"),
    "task.created": Kind("created", "Task", "created"),
    "task.updated": Kind("updated", "Task", "changed"),
    "task.answered": Kind("updated", "Task", "answered"),
    "task.shown": Kind("updated", "Task", "shown"),
    "task.hidden": Kind("updated", "Task", "hidden"),
    "task.rule_effect_reversed": Kind("updated", "Task", "put back as before a rule changed it"),
    "task.assigned": Kind("owners-updated", "Task", "assigned"),
    "task.owners_updated": Kind("owners-updated", "Task", "assigned"),
    "task.completed": Kind("completed", "Task", "completed"),
    "task.reopened": Kind("re-opened", "Task", "re-opened"),
    "task.archived": Kind("archived", "Task", "archived"),
    "task.restored": Kind("unarchived", "Task", "restored"),
    "task.deleted": Kind("deleted", "Task", "deleted"),
    "task.recovered": Kind("unarchived", "Task", "brought back from the bin"),
    "task.purged": Kind("deleted", "Task", "erased from the bin"),
    "task.linked": Kind("linked", "Task", "tagged or filed"),
    "task.unlinked": Kind("unlinked", "Task", "taken out of a tag or folder"),
    "task.attached": Kind("linked", "Task", "added to a process"),
    "task.detached": Kind("unlinked", "Task", "taken out of its process"),
    "task.launched_process": Kind("linked", "Task", "followed by a process"),
    "task.launch_refused": Kind("updated", "Task", "not followed by a process"),
    "task.mail_sent": Kind("emitted", "Task", "sent by e-mail"),
    "task.mail_failed": Kind("emitted", "Task", "not sent by e-mail"),
    "task.reminded": Kind("emitted", "Task", "mailed as a reminder"),
    "task.injected": Kind("linked", "Task", "followed by the tasks of another template"),
    "task.injection_refused": Kind("updated", "Task", "not followed by the tasks of another template"),
    "task.webhook_due": Kind("emitted", "Task", "to be sent to a webhook"),
    **{
        f"{noun}.file_{act}": Kind(verb, kind, says)
        for noun, kind in (
            ("process", "Process"),
            ("task", "Task"),
            ("template", "Blueprint"),
            ("organization", "Organization"),
            ("member", "User"),
        )
        for act, verb, says in (
            ("uploaded", "uploaded", "given a file"),
            ("downloaded", "downloaded", "downloaded from"),
            ("archived", "updated", "left with an archived file"),
            ("deleted", "updated", "rid of a file"),
        )
    },
    "rule.executed": Kind("executed", EXECUTION, "executed"),
    "rule.holds_again": Kind("executed", EXECUTION, "followed: its conditions hold again"),
    "rule.holds_no_more": Kind("executed", EXECUTION, "followed: its conditions do not hold any more"),
    "rule.execution_failed": Kind("execution_fail", EXECUTION, "looked at: its conditions did not hold"),
    "thread.added": Kind("commented", "Comment", "commented on"),
    "thread.changed": Kind("updated", "Comment", "changed on"),
    "thread.marked": Kind("updated", "Comment", "marked on"),
    "thread.resolved": Kind("issue-resolved", "Comment", "resolved on"),
    "thread.deleted": Kind("comment-deleted", "Comment", "deleted on"),
    "template.created": Kind("created", "Blueprint", "created"),
    "template.updated": Kind("updated", "Blueprint", "changed"),
    "template.published": Kind("updated", "Blueprint", "published"),
    "template.version_restored": Kind("updated", "Blueprint", "brought back to an earlier version"),
    "template.permissions_changed": Kind("updated", "Blueprint", "given other permissions"),
    "template.made_public": Kind("updated", "Blueprint", "made public"),
    "template.kickoff_made_public": Kind("updated", "Blueprint", "given a public kick-off form"),
    "template.kickoff_link_renewed": Kind("updated", "Blueprint", "given another link to its public kick-off form"),
    "template.owner_changed": Kind("owners-updated", "Blueprint", "given another owner"),
    "template.archived": Kind("archived", "Blueprint", "archived"),
    "template.restored": Kind("unarchived", "Blueprint", "restored"),
    "template.deleted": Kind("deleted", "Blueprint", "deleted"),
    "template.recovered": Kind("unarchived", "Blueprint", "brought back from the bin"),
    "template.purged": Kind("deleted", "Blueprint", "erased from the bin"),
    "template.linked": Kind("linked", "Blueprint", "tagged"),
    "template.unlinked": Kind("unlinked", "Blueprint", "taken out of a tag"),
    "template.mail_refused": Kind("emitted", "Blueprint", "not launched by mail"),
    "step.created": Kind("created", "Step", "added"),
    "step.updated": Kind("updated", "Step", "changed"),
    "step.moved": Kind("re-ordered", "Step", "moved"),
    "step.deleted": Kind("deleted", "Step", "deleted"),
    "field.created": Kind("created", "Step", "added"),
    "field.updated": Kind("updated", "Step", "changed"),
    "field.moved": Kind("re-ordered", "Step", "moved"),
    "field.deleted": Kind("deleted", "Step", "deleted"),
    "stage.created": Kind("created", "Blueprint", "added"),
    "stage.updated": Kind("updated", "Blueprint", "changed"),
    "stage.deleted": Kind("deleted", "Blueprint", "deleted"),
    "rule.created": Kind("created", "Blueprint", "added"),
    "rule.updated": Kind("updated", "Blueprint", "changed"),
    "rule.deleted": Kind("deleted", "Blueprint", "deleted"),
    "tag.created": Kind("created", "Tag", "created"),
    "tag.updated": Kind("updated", "Tag", "changed"),
    "tag.deleted": Kind("deleted", "Tag", "deleted"),
    "tag.recovered": Kind("unarchived", "Tag", "brought back from the bin"),
    "tag.purged": Kind("deleted", "Tag", "erased from the bin"),
    "group.created": Kind("created", "Group", "created"),
    "group.updated": Kind("updated", "Group", "changed"),
    "group.deleted": Kind("deleted", "Group", "deleted"),
    "organization.created": Kind("created", "Organization", "created"),
    "organization.updated": Kind("updated", "Organization", "changed"),
    "member.added": Kind("created", "User", "added"),
    "member.invited": Kind("invited", "User", "invited"),
    "member.invited_again": Kind("invited", "User", "invited again"),
    "member.activated": Kind("invite-accepted", "User", "let in after accepting the invitation"),
    "member.updated": Kind("updated", "User", "changed"),
    "member.role_changed": Kind("updated", "User", "given another role"),
    "member.enabled": Kind("enabled", "User", "enabled"),
    "member.handed_over": Kind("updated", "User", "relieved: their work was handed over"),
    "member.became_guest": Kind("updated", "User", "made a guest"),
    "member.disabled": Kind("disabled", "User", "disabled"),
    "member.deleted": Kind("deleted", "User", "deleted"),
    "guest.created": Kind("created", "User", "added"),
    "guest.updated": Kind("updated", "User", "changed"),
    "guest.enabled": Kind("enabled", "User", "enabled"),
    "guest.disabled": Kind("disabled", "User", "disabled"),
    "guest.removed": Kind("deleted", "User", "removed"),
}
# Seen by every member, as the things themselves are.
OPEN_TO_MEMBERS = frozenset(kind for kind, how in KINDS.items() if how.type in ("Tag", "Group"))


def kinds_of(verbs: Sequence[str], types: Sequence[str]) -> list[str]:
    """The kinds of events that a filter of these (all when empty) lets through."""
    return [
        kind
        for kind, how in KINDS.items()
        if (not types or how.type in types) and (not verbs or not _verbs(kind).isdisjoint(verbs))
    ]


def _verbs(kind: str) -> frozenset[str]:
    """Comments that report something have a verb of their own."""
    return frozenset({KINDS[kind].verb, *(["issue-reported"] if kind == "thread.added" else [])})
