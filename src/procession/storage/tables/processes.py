"""Processes, their tasks, and what people write on them."""

from sqlalchemy import ForeignKeyConstraint, Index, PrimaryKeyConstraint, Table, UniqueConstraint
from sqlalchemy import text as sql

from procession.storage.columns import key, number, optional_number, optional_text, text
from procession.storage.tables.base import metadata

# In whole thousandths, as lists that go by it say it, letter by letter. Where nothing is visible one divides by 1: what
# PostgreSQL stores of a CASE is not what was written.
PROGRESS = "((tasks_done * 1000) / (tasks_visible + (1 / (1 + tasks_visible))))"

processes = Table(
    "process",
    metadata,
    key("org"),
    # Order by seq is order by creation; also the increment_id on the wire.
    key("seq"),
    text("id"),
    text("template_id"),
    number("template_version"),
    text("template_title"),
    text("type"),
    text("name"),
    # Case and accents folded; the first 200 characters are the sort key (see INDEXED_NAME_LENGTH).
    text("folded_name"),
    text("sort_name"),
    text("summary"),
    # active, problem, issue or complete: what holds underneath an archive, too (Spec: api-processes 1.1).
    text("status"),
    # 0 open, 1 complete, 2 archived (domain.processes.State).
    number("state"),
    number("owner"),
    number("starter"),
    text("prerun"),
    optional_text("prerun_status"),
    optional_number("prerun_completed_at"),
    optional_number("prerun_completed_by"),
    number("prerun_length"),
    number("assign_someone_else"),
    # JSON lists: members and groups attached to the process; PROCESS_READ principals copied at launch;
    # principals that ever had a task or were mentioned.
    text("users"),
    text("groups"),
    text("readers"),
    text("involved"),
    text("collaborators"),
    text("publicly_hidden_fields"),
    number("is_public"),
    number("can_add_oot"),
    number("is_system"),
    optional_text("parent_id"),
    text("custom_fields"),
    # The summary, written by the one gate (domain.summary).
    number("tasks_total"),
    number("tasks_visible"),
    number("tasks_done"),
    number("tasks_secret"),
    number("open_problems"),
    number("open_issues"),
    number("improvements"),
    optional_number("next_deadline"),
    text("open_deadlines"),
    optional_number("due_date"),
    optional_number("max_task_deadline"),
    number("created_at"),
    number("started_at"),
    number("updated_at"),
    optional_number("completed_at"),
    optional_number("archived_at"),
    # domain.processes.Hold while the process is on hold.
    optional_text("hold"),
    # domain.run_document: what lists send of it, written with every change of the above; null only until an upgrade
    # that changed its contents has ended.
    optional_text("document"),
    PrimaryKeyConstraint("org", "seq"),
    UniqueConstraint("org", "id"),
    Index("ix_process_state", "org", "state", "seq"),
    Index("ix_process_name", "org", "state", "sort_name", "seq"),
    Index("ix_process_template_name", "org", "template_id", "state", "sort_name", "seq"),
    Index("ix_process_updated", "org", "state", "updated_at", "seq"),
    Index("ix_process_started", "org", "state", "started_at", "seq"),
    Index("ix_process_completed", "org", "state", "completed_at", "seq"),
    Index("ix_process_due", "org", "state", "due_date", "seq"),
    Index("ix_process_status", "org", "state", "status", "seq"),
    Index("ix_process_progress", "org", "state", sql(PROGRESS), "seq"),
    Index("ix_process_next", "org", "state", "next_deadline", "seq"),
    Index(
        # domain.listing.STRETCH
        "ix_process_late_stretch",
        "org",
        sql("(seq / 128)"),
        "next_deadline",
        "seq",
        sqlite_where=sql("state = 0 AND next_deadline IS NOT NULL"),
        postgresql_where=sql("state = 0 AND next_deadline IS NOT NULL"),
    ),
    Index(
        # Names that may go on beyond the sort key. Planners take an equality for rare; they are.
        "ix_process_long_name",
        "org",
        "seq",
        sqlite_where=sql("length(sort_name) = 200"),
        postgresql_where=sql("length(sort_name) = 200"),
    ),
    Index("ix_process_template", "org", "template_id", "template_version"),
)

process_stars = Table(
    "process_star",
    metadata,
    key("org"),
    key("process"),
    number("account"),
    PrimaryKeyConstraint("org", "process", "account"),
    ForeignKeyConstraint(["org", "process"], ["process.org", "process.seq"], ondelete="CASCADE"),
    sqlite_with_rowid=False,
)

process_stages = Table(
    # Milestones that were changed in the process; others are those of the version it runs.
    "process_stage",
    metadata,
    key("org"),
    key("process"),
    # JSON list of domain.stages.Stage, in order.
    text("stages"),
    PrimaryKeyConstraint("org", "process"),
    ForeignKeyConstraint(["org", "process"], ["process.org", "process.seq"], ondelete="CASCADE"),
    sqlite_with_rowid=False,
)

public_processes = Table(
    # Links to public processes. A link is made to be handed on and shows what is public, so its code is kept as it is.
    "public_process",
    metadata,
    key("org"),
    key("process"),
    text("code"),
    number("made_at"),
    PrimaryKeyConstraint("org", "process"),
    ForeignKeyConstraint(["org", "process"], ["process.org", "process.seq"], ondelete="CASCADE"),
    Index("uq_public_process_code", "org", "code", unique=True),
    sqlite_with_rowid=False,
)

kickoff_visits = Table(
    # Private links to public kick-off forms that people were mailed: to the form, then to how its process stands.
    "kickoff_visit",
    metadata,
    key("org"),
    # Of the code in the link: it carries 256 random bits.
    text("hash"),
    text("template_id"),
    text("email"),
    number("made_at"),
    # Until when the form is open under it; what was mailed without a link was over at once.
    number("expires_at"),
    optional_number("process"),
    PrimaryKeyConstraint("org", "hash"),
    ForeignKeyConstraint(["org", "process"], ["process.org", "process.seq"], ondelete="CASCADE"),
    Index("ix_kickoff_visit_email", "org", "email", "made_at"),
    Index("ix_kickoff_visit_template", "org", "template_id", "made_at"),
    Index("ix_kickoff_visit_process", "org", "process"),
)

rule_states = Table(
    # What a process remembers of its rules, and of the processes it launched; only where there is any of both.
    "rule_state",
    metadata,
    key("org"),
    key("process"),
    # JSON (domain.automations.state.RuleState).
    text("state"),
    PrimaryKeyConstraint("org", "process"),
    ForeignKeyConstraint(["org", "process"], ["process.org", "process.seq"], ondelete="CASCADE"),
    sqlite_with_rowid=False,
)

tasks = Table(
    "task",
    metadata,
    key("org"),
    # Also the increment_id on the wire; the tasks of one launch are neighbours.
    key("seq"),
    text("id"),
    optional_number("process"),
    # The step it was made from; null for one-off tasks.
    optional_text("step_id"),
    optional_text("linked_step_id"),
    # Where its title, fields and switches come from when it has a step: the process's frozen version.
    text("title"),
    text("folded_title"),
    optional_text("summary"),
    optional_text("alias"),
    text("task_type"),
    # not-started, in-progress, completed, auto-skipped
    text("status"),
    # What `status` returns to when a hidden task is shown again.
    optional_text("shown_status"),
    number("hidden_by_hand"),
    number("shown_by_hand"),
    number("position"),
    optional_number("blueprint_position"),
    optional_text("stage_id"),
    # JSON {users, guests, groups}: what the task is assigned to.
    text("owners"),
    # JSON list of roles (job titles) the assignees came from.
    text("roles"),
    # JSON answers: field id -> value.
    text("taskdata"),
    # JSON list of the task's own fields; null when they are its step's.
    optional_text("fields"),
    # JSON {person: completed_at}: parts done of an everyone-must-complete task.
    text("parts"),
    optional_number("started_at"),
    number("is_soft_start_date"),
    optional_number("deadline"),
    # The deadline waits for another step and counts for nothing (DEC-47).
    number("is_held"),
    number("deadline_by_hand"),
    number("has_dependents"),
    optional_number("is_approved"),
    optional_number("completed_at"),
    optional_number("completer"),
    optional_text("completer_guest"),
    optional_number("starter"),
    number("is_oneoff"),
    number("everyone_must_complete"),
    optional_number("approvals_needed"),
    # JSON list of steps whose tasks come before it; null when there are none.
    optional_text("blocked_by"),
    number("can_complete_only_assignees"),
    number("max_assignable"),
    number("allow_guest_owners"),
    number("prevent_guest_comment"),
    number("top_secret"),
    optional_number("send_chromeless"),
    optional_text("webhook"),
    number("open_problems"),
    number("improvements"),
    text("custom_fields"),
    number("created_at"),
    number("updated_at"),
    optional_number("archived_at"),
    PrimaryKeyConstraint("org", "seq"),
    UniqueConstraint("org", "id"),
    ForeignKeyConstraint(["org", "process"], ["process.org", "process.seq"], ondelete="CASCADE"),
    Index("ix_task_process", "org", "process", "position", "seq"),
    *[
        # The few with something open on them.
        Index(name, "org", "seq", sqlite_where=sql(condition), postgresql_where=sql(condition))
        for name, condition in (("ix_task_problem", "open_problems > 0"), ("ix_task_improvement", "improvements > 0"))
    ],
    # One-off tasks with forms, found by the id of a field.
    Index(
        "ix_task_own_fields",
        "org",
        "seq",
        sqlite_where=sql("fields IS NOT NULL"),
        postgresql_where=sql("fields IS NOT NULL"),
    ),
)

threads = Table(
    "thread",
    metadata,
    key("org"),
    key("no"),
    text("id"),
    # Exactly one of the three: a task's thread does not name the task's process.
    optional_number("process"),
    optional_number("task"),
    optional_text("template_id"),
    # comment, problem, resolve, improvement, advice
    text("label"),
    # open, hide-for-guests, collapsed
    text("state"),
    # Counts among the open issues of its place until it is resolved.
    number("is_issue"),
    # user, guest, bot
    text("author_kind"),
    optional_number("author"),
    optional_text("author_guest"),
    text("content"),
    # JSON list of member ids the text mentions.
    text("mentions"),
    # On a problem or issue: the thread that resolved it.
    optional_text("resolve_id"),
    number("created_at"),
    number("updated_at"),
    PrimaryKeyConstraint("org", "no"),
    UniqueConstraint("org", "id"),
    ForeignKeyConstraint(["org", "process"], ["process.org", "process.seq"], ondelete="CASCADE"),
    ForeignKeyConstraint(["org", "task"], ["task.org", "task.seq"], ondelete="CASCADE"),
    ForeignKeyConstraint(["org", "template_id"], ["template.org", "template.id"], ondelete="CASCADE"),
    Index("ix_thread_process", "org", "process", "no"),
    Index("ix_thread_task", "org", "task", "no"),
    Index("ix_thread_template", "org", "template_id", "no"),
)

thread_reactions = Table(
    "thread_reaction",
    metadata,
    key("org"),
    key("thread"),
    text("emoji"),
    number("member"),
    PrimaryKeyConstraint("org", "thread", "emoji", "member"),
    ForeignKeyConstraint(["org", "thread"], ["thread.org", "thread.no"], ondelete="CASCADE"),
    sqlite_with_rowid=False,
)
