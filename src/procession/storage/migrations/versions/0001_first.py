"""The first schema.

Revision: 0001
Revises:
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.schema import SchemaItem

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# SQLite gives ids by itself only to a column declared INTEGER.
AUTO_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def columns(described: str) -> list[sa.Column[int] | sa.Column[str]]:
    """`seq title:text summary:text? id:auto`: whole numbers unless said otherwise, null only with a question mark."""
    made: list[sa.Column[int] | sa.Column[str]] = []
    for each in described.split():
        name, _, kind = each.removesuffix("?").partition(":")
        is_optional = each.endswith("?")
        if kind == "text":
            made.append(sa.Column(name, sa.Text(), nullable=is_optional))
        else:
            number = AUTO_ID if kind == "auto" else sa.BigInteger()
            made.append(sa.Column(name, number, nullable=is_optional, autoincrement=kind == "auto"))
    return made


def create(table: str, described: str, *items: SchemaItem, rowid: bool = True) -> None:
    """`rowid=False` keeps a key-only table as one tree on SQLite."""
    options = {} if rowid else {"sqlite_with_rowid": False}
    op.create_table(table, *columns(described), *items, **options)


def primary_key(table: str, *names: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*names, name=f"pk_{table}")


def unique(table: str, *names: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(*names, name=f"uq_{table}_{'_'.join(names)}")


def belongs_to(table: str, parent: str, name: str, key: str, ondelete: str | None = "CASCADE") -> SchemaItem:
    """`name` of a row is `key` of a row of `parent` in the same organization."""
    return sa.ForeignKeyConstraint(
        ["org", name], [f"{parent}.org", f"{parent}.{key}"], name=f"fk_{table}_org_{name}", ondelete=ondelete
    )


def index(name: str, table: str, *names: str, where: str | None = None) -> None:
    condition = sa.text(where) if where else None
    op.create_index(name, table, [*names], sqlite_where=condition, postgresql_where=condition)


def upgrade() -> None:
    create_control()
    create_people()
    create_templates()
    create_processes()
    create_content()
    create_lists()
    create_events()
    create_search()


def create_control() -> None:
    """Shared tables."""
    create(
        "account",
        "id:auto email:text folded_email:text password_hash:text? first_name:text last_name:text timezone:text "
        "profile:text created_at updated_at last_login_at?",
        primary_key("account", "id"),
        unique("account", "folded_email"),
    )
    create(
        "membership",
        "account org",
        primary_key("membership", "account", "org"),
    )
    create(
        "organization",
        "org:auto id:text name:text slug:text settings:text created_at updated_at",
        primary_key("organization", "org"),
        unique("organization", "id"),
    )
    create(
        "public_template",
        "id:text org alias:text made_public_at",
        primary_key("public_template", "id"),
    )
    index("ix_public_template_alias", "public_template", "alias")
    create(
        "rate_window",
        "principal:text started_at used",
        primary_key("rate_window", "principal"),
    )
    create(
        "sign_in_attempt",
        "key:text failures last_at wait_until",
        primary_key("sign_in_attempt", "key"),
    )
    index("ix_sign_in_attempt_last_at", "sign_in_attempt", "last_at")
    create(
        "token",
        "id:auto hash:text hint:text account org? kind:text name:text created_at expires_at? revoked_at? last_used_at?",
        primary_key("token", "id"),
        unique("token", "hash"),
    )
    index("ix_token_account", "token", "account")


def create_people() -> None:
    """Members, guests and groups."""
    create(
        "guest",
        "org id email:text first_name:text? last_name:text? details:text code_hash:text sealed_code:text "
        "last_accessed_at? disabled_at? disabled_by? reactivated_at? reactivated_by? created_at updated_at",
        primary_key("guest", "org", "id"),
        unique("guest", "org", "code_hash"),
        unique("guest", "org", "email"),
    )
    create(
        "member",
        "org account role:text status:text type:text email:text folded_email:text first_name:text last_name:text "
        "folded_name:text timezone:text profile:text is_default_admin invited_by? activated_at? approved_at? "
        "disabled_at? disabled_by? reactivated_at? reactivated_by? last_login_at? last_known_ip:text? created_at "
        "updated_at",
        primary_key("member", "org", "account"),
        unique("member", "org", "folded_email"),
    )
    index("ix_member_name", "member", "org", "folded_name", "account")
    create(
        "member_group",
        "org id:text name:text folded_name:text description:text created_at updated_at",
        primary_key("member_group", "org", "id"),
        unique("member_group", "org", "folded_name"),
    )
    create(
        "group_person",
        "org group_id:text member guest",
        primary_key("group_person", "org", "group_id", "member", "guest"),
        belongs_to("group_person", "member_group", "group_id", "id"),
        rowid=False,
    )
    index("ix_group_person_guest", "group_person", "org", "guest")
    index("ix_group_person_member", "group_person", "org", "member")


def create_templates() -> None:
    """Templates and their versions."""
    create(
        "template",
        "org id:text no title:text folded_title:text alias:text type:text status:text? owner created_by "
        "updated_by? folder_id:text? is_pinned is_system version frozen_version? published_version? document:text "
        "started_processes archived_at? created_at updated_at",
        primary_key("template", "org", "id"),
        unique("template", "org", "alias"),
    )
    index("ix_template_folder", "template", "org", "folder_id")
    index("ix_template_owner", "template", "org", "owner")
    index("ix_template_updated", "template", "org", "is_pinned", "updated_at")
    create(
        "template_version",
        "org template_id:text version frozen_at frozen_by? document:text",
        primary_key("template_version", "org", "template_id", "version"),
    )
    create(
        "template_grant",
        "org template_id:text permission:text principal:text",
        primary_key("template_grant", "org", "template_id", "permission", "principal"),
        belongs_to("template_grant", "template", "template_id", "id"),
        rowid=False,
    )
    index("ix_template_grant_principal", "template_grant", "org", "principal", "permission")
    create(
        "template_reference",
        "org template_id:text kind:text key:text",
        primary_key("template_reference", "org", "template_id", "kind", "key"),
        belongs_to("template_reference", "template", "template_id", "id"),
        rowid=False,
    )
    index("ix_template_reference_key", "template_reference", "org", "kind", "key")
    create(
        "template_star",
        "org account template_id:text",
        primary_key("template_star", "org", "account", "template_id"),
        belongs_to("template_star", "template", "template_id", "id"),
        rowid=False,
    )


def create_processes() -> None:
    """Processes, tasks and what people write on them."""
    create(
        "process",
        "org seq id:text template_id:text template_version template_title:text type:text name:text "
        "folded_name:text sort_name:text summary:text status:text state owner starter prerun:text "
        "prerun_status:text? prerun_completed_at? prerun_completed_by? prerun_length assign_someone_else "
        "users:text groups:text readers:text involved:text collaborators:text publicly_hidden_fields:text "
        "is_public can_add_oot is_system parent_id:text? custom_fields:text tasks_total tasks_visible tasks_done "
        "tasks_secret open_problems open_issues improvements next_deadline? open_deadlines:text due_date? "
        "max_task_deadline? created_at started_at updated_at completed_at? archived_at?",
        primary_key("process", "org", "seq"),
        unique("process", "org", "id"),
    )
    index("ix_process_due", "process", "org", "state", "due_date", "seq")
    index("ix_process_late", "process", "org", "next_deadline", "seq", where="state = 0 AND next_deadline IS NOT NULL")
    index("ix_process_long_name", "process", "org", "seq", where="length(sort_name) = 200")
    index("ix_process_name", "process", "org", "state", "sort_name", "seq")
    index("ix_process_state", "process", "org", "state", "seq")
    index("ix_process_template", "process", "org", "template_id", "template_version")
    index("ix_process_updated", "process", "org", "state", "updated_at", "seq")
    create(
        "process_star",
        "org process account",
        primary_key("process_star", "org", "process", "account"),
        belongs_to("process_star", "process", "process", "seq"),
        rowid=False,
    )
    create(
        "task",
        "org seq id:text process? step_id:text? linked_step_id:text? title:text folded_title:text summary:text? "
        "alias:text? task_type:text status:text shown_status:text? hidden_by_hand shown_by_hand position "
        "blueprint_position? stage_id:text? owners:text roles:text taskdata:text fields:text? parts:text "
        "started_at? is_soft_start_date deadline? is_held deadline_by_hand has_dependents is_approved? "
        "completed_at? completer? completer_guest:text? starter? is_oneoff everyone_must_complete "
        "can_complete_only_assignees max_assignable allow_guest_owners prevent_guest_comment top_secret "
        "send_chromeless? webhook:text? open_problems improvements custom_fields:text created_at updated_at "
        "archived_at?",
        primary_key("task", "org", "seq"),
        unique("task", "org", "id"),
        belongs_to("task", "process", "process", "seq"),
    )
    index("ix_task_own_fields", "task", "org", "seq", where="fields IS NOT NULL")
    index("ix_task_process", "task", "org", "process", "position", "seq")
    create(
        "thread",
        "org no id:text process? task? template_id:text? label:text state:text is_issue author_kind:text author? "
        "author_guest:text? content:text mentions:text resolve_id:text? created_at updated_at",
        primary_key("thread", "org", "no"),
        unique("thread", "org", "id"),
        belongs_to("thread", "process", "process", "seq"),
        belongs_to("thread", "task", "task", "seq"),
        belongs_to("thread", "template", "template_id", "id"),
    )
    index("ix_thread_process", "thread", "org", "process", "no")
    index("ix_thread_task", "thread", "org", "task", "no")
    index("ix_thread_template", "thread", "org", "template_id", "no")
    create(
        "thread_reaction",
        "org thread emoji:text member",
        primary_key("thread_reaction", "org", "thread", "emoji", "member"),
        belongs_to("thread_reaction", "thread", "thread", "no"),
        rowid=False,
    )


def create_content() -> None:
    """Tags and folders."""
    create(
        "folder",
        "org id:text kind:text name:text folded_name:text parent_id:text? position created_at updated_at",
        primary_key("folder", "org", "id"),
        belongs_to("folder", "folder", "parent_id", "id", ondelete=None),
    )
    index("ix_folder_tree", "folder", "org", "kind", "parent_id", "position")
    create(
        "tag",
        "org id:text title:text folded_title:text color:text? auto_generated type:text? created_at updated_at",
        primary_key("tag", "org", "id"),
        unique("tag", "org", "folded_title"),
    )
    create(
        "folder_link",
        "org id folder_id:text process? task? created_at",
        primary_key("folder_link", "org", "id"),
        unique("folder_link", "org", "process"),
        unique("folder_link", "org", "task"),
        belongs_to("folder_link", "folder", "folder_id", "id"),
        belongs_to("folder_link", "process", "process", "seq"),
        belongs_to("folder_link", "task", "task", "seq"),
    )
    index("ix_folder_link_folder", "folder_link", "org", "folder_id")
    create(
        "tag_link",
        "org id tag_id:text process? task? template_id:text? step_id:text? created_at",
        primary_key("tag_link", "org", "id"),
        unique("tag_link", "org", "tag_id", "process"),
        unique("tag_link", "org", "tag_id", "task"),
        belongs_to("tag_link", "process", "process", "seq"),
        belongs_to("tag_link", "tag", "tag_id", "id"),
        belongs_to("tag_link", "task", "task", "seq"),
        belongs_to("tag_link", "template", "template_id", "id"),
    )
    index("ix_tag_link_process", "tag_link", "org", "process")
    index("ix_tag_link_step", "tag_link", "org", "step_id")
    index("ix_tag_link_task", "tag_link", "org", "task")
    index("ix_tag_link_template", "tag_link", "org", "template_id")


def create_lists() -> None:
    """What lists read."""
    create(
        "facet_counter",
        "org facet key:text state n",
        primary_key("facet_counter", "org", "facet", "key", "state"),
        rowid=False,
    )
    create(
        "process_access",
        "org principal:text state seq",
        primary_key("process_access", "org", "principal", "state", "seq"),
        rowid=False,
    )
    create(
        "process_block",
        "org state block n",
        primary_key("process_block", "org", "state", "block"),
        rowid=False,
    )
    create(
        "process_facet",
        "org facet key:text state seq",
        primary_key("process_facet", "org", "facet", "key", "state", "seq"),
        rowid=False,
    )
    create(
        "task_access",
        "org principal:text state deadline seq",
        primary_key("task_access", "org", "principal", "state", "deadline", "seq"),
        rowid=False,
    )
    create(
        "task_counter",
        "org principal:text state n",
        primary_key("task_counter", "org", "principal", "state"),
        rowid=False,
    )
    create(
        "viewer",
        "org account is_stale",
        primary_key("viewer", "org", "account"),
        rowid=False,
    )
    create(
        "viewer_counter",
        "org account state n",
        primary_key("viewer_counter", "org", "account", "state"),
        rowid=False,
    )


def create_events() -> None:
    """The event log, positions and numbers."""
    create(
        "event",
        "org position id:text at actor_kind:text actor_id:text? on_behalf_of:text? channel:text address:text? "
        "client:text? cause:text? subject_kind:text subject_id:text process? kind:text payload:text digest:text",
        primary_key("event", "org", "position"),
        rowid=False,
    )
    create(
        "organization_state",
        "org position rights_epoch",
        primary_key("organization_state", "org"),
    )
    create(
        "sequence",
        "org kind:text last last_at",
        primary_key("sequence", "org", "kind"),
    )


def create_search() -> None:
    """What finds processes by a part of their name."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE VIRTUAL TABLE process_search USING fts5("
            "name, tokenize = 'trigram', detail = full, content = '', contentless_delete = 1)"
        )
    else:
        op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        op.execute("CREATE INDEX ix_process_search ON process USING gin (folded_name gin_trgm_ops)")


def downgrade() -> None:
    raise RuntimeError("Schemas are not downgraded: restore the backup that was made before the upgrade.")
