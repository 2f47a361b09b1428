"""Templates whose steps became tasks of running processes.

Revision: 0017
Revises: 0016
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "injection",
        sa.Column("org", sa.BigInteger(), nullable=False),
        sa.Column("process", sa.BigInteger(), nullable=False),
        sa.Column("template_id", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("trigger_task", sa.BigInteger(), nullable=False),
        sa.Column("first_task", sa.BigInteger(), nullable=False),
        sa.Column("tasks", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("org", "process", "template_id", name="pk_injection"),
        sa.ForeignKeyConstraint(
            ["org", "process"], ["process.org", "process.seq"], name="fk_injection_org_process", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_injection_template", "injection", ["org", "template_id", "version"])


def downgrade() -> None:
    raise RuntimeError("Schemas are not downgraded: restore the backup that was made before the upgrade.")
