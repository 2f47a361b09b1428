"""What processes remember of their rules, and finding what happened in one process.

Revision: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "rule_state",
        sa.Column("org", sa.BigInteger(), nullable=False),
        sa.Column("process", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("org", "process", name="pk_rule_state"),
        sa.ForeignKeyConstraint(
            ["org", "process"], ["process.org", "process.seq"], name="fk_rule_state_org_process", ondelete="CASCADE"
        ),
        sqlite_with_rowid=False,
    )
    condition = sa.text("process IS NOT NULL")
    op.create_index(
        "ix_event_process",
        "event",
        ["org", "process", "position"],
        sqlite_where=condition,
        postgresql_where=condition,
    )


def downgrade() -> None:
    raise RuntimeError("Schemas are not downgraded: restore the backup that was made before the upgrade.")
