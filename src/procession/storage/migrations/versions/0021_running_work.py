"""Watchers, milestones of processes.

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


def to_parent(table: str, column: str, parent: str) -> sa.ForeignKeyConstraint:
    """What goes with the row it names."""
    whole = [f"{parent.partition('.')[0]}.org", parent]
    return sa.ForeignKeyConstraint(["org", column], whole, name=f"fk_{table}_org_{column}", ondelete="CASCADE")


def downgrade() -> None:
    raise RuntimeError("Schemas are not downgraded: restore the backup that was made before the upgrade.")
