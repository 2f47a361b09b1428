"""Watchers, milestones of processes, texts that comments are about, comments on steps.

Revision: 0021
Revises: 0020
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "watcher",
        sa.Column("org", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("object_type", sa.Text(), nullable=False),
        sa.Column("object_id", sa.Text(), nullable=False),
        sa.Column("process", sa.BigInteger(), nullable=True),
        sa.Column("task", sa.BigInteger(), nullable=True),
        sa.Column("template_id", sa.Text(), nullable=True),
        sa.Column("account", sa.BigInteger(), nullable=False),
        sa.Column("notification_type", sa.Text(), nullable=False),
        sa.Column("frequency", sa.Text(), nullable=False),
        sa.Column("webhook", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("org", "id", name="pk_watcher"),
        to_parent("watcher", "process", "process.seq"),
        to_parent("watcher", "task", "task.seq"),
        to_parent("watcher", "template_id", "template.id"),
    )
    op.create_index("ix_watcher_object", "watcher", ["org", "object_type", "object_id"])
    op.create_index("ix_watcher_account", "watcher", ["org", "account"])
    op.create_index("ix_watcher_process", "watcher", ["org", "process"])
    op.create_index("ix_watcher_task", "watcher", ["org", "task"])
    op.create_index("ix_watcher_template", "watcher", ["org", "template_id"])
    op.create_table(
        "process_stage",
        sa.Column("org", sa.BigInteger(), nullable=False),
        sa.Column("process", sa.BigInteger(), nullable=False),
        sa.Column("stages", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("org", "process", name="pk_process_stage"),
        to_parent("process_stage", "process", "process.seq"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "thread_selection",
        sa.Column("org", sa.BigInteger(), nullable=False),
        sa.Column("thread", sa.BigInteger(), nullable=False),
        sa.Column("selected_text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("org", "thread", name="pk_thread_selection"),
        to_parent("thread_selection", "thread", "thread.no"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "template_comment",
        sa.Column("org", sa.BigInteger(), nullable=False),
        sa.Column("thread", sa.BigInteger(), nullable=False),
        sa.Column("template_id", sa.Text(), nullable=False),
        sa.Column("step_id", sa.Text(), nullable=True),
        sa.Column("is_read", sa.BigInteger(), nullable=False),
        sa.Column("is_hidden", sa.BigInteger(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=True),
        sa.Column("reply_to", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("org", "thread", name="pk_template_comment"),
        to_parent("template_comment", "thread", "thread.no"),
    )
    op.create_index("ix_template_comment_step", "template_comment", ["org", "template_id", "step_id"])
    op.create_index("ix_template_comment_source", "template_comment", ["org", "source_id"])
    # Members involved otherwise than as owner or assignee, as domain.listing has them.
    each = {
        "sqlite": "json_each(p.involved) AS person",
        "postgresql": "jsonb_array_elements_text(p.involved::jsonb) AS person(value)",
    }[op.get_bind().dialect.name]
    # A statement put together from constants only.
    op.execute(
        "INSERT INTO process_facet (org, facet, key, state, seq)"  # noqa: S608
        f" SELECT p.org, 1, '~' || substr(person.value, 3), p.state, p.seq FROM process p, {each}"
        " WHERE person.value LIKE 'm:%' AND NOT EXISTS (SELECT 1 FROM process_facet f WHERE f.org = p.org"
        " AND f.facet = 1 AND f.key = substr(person.value, 3) AND f.state = p.state AND f.seq = p.seq)"
    )
    op.execute(
        "INSERT INTO facet_counter (org, facet, key, state, n)"
        " SELECT org, facet, key, state, count(*) FROM process_facet WHERE facet = 1 AND key LIKE '~%'"
        " GROUP BY org, facet, key, state"
    )


def to_parent(table: str, column: str, parent: str) -> sa.ForeignKeyConstraint:
    """What goes with the row it names."""
    whole = [f"{parent.partition('.')[0]}.org", parent]
    return sa.ForeignKeyConstraint(["org", column], whole, name=f"fk_{table}_org_{column}", ondelete="CASCADE")


def downgrade() -> None:
    raise RuntimeError("Schemas are not downgraded: restore the backup that was made before the upgrade.")
