"""Moves of processes to a newer version of their template.

Revision: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

WORDS = frozenset({"template_id", "status", "error", "run_id", "name", "reason", "report", "before"})
OPTIONAL = frozenset({"error", "undone_by", "finished_at", "reason", "report"})


def upgrade() -> None:
    create(
        "version_move",
        "org id template_id version member is_dry_run status error total moved skipped undone undone_by created_at"
        " updated_at finished_at",
        key=("org", "id"),
    )
    create(
        "version_move_row",
        "org move number process run_id name from_version status reason report",
        key=("org", "move", "number"),
    )
    op.create_index("ix_version_move_row_status", "version_move_row", ["org", "move", "status", "number"])
    create(
        "version_move_before",
        "org process move position at before",
        sa.ForeignKeyConstraint(
            ["org", "process"],
            ["process.org", "process.seq"],
            name="fk_version_move_before_org_process",
            ondelete="CASCADE",
        ),
        key=("org", "process", "move"),
    )
    op.create_index("ix_version_move_before_at", "version_move_before", ["org", "at"])


def create(table: str, names: str, *more: sa.ForeignKeyConstraint, key: tuple[str, ...]) -> None:
    op.create_table(
        table,
        *(
            sa.Column(name, sa.Text() if name in WORDS else sa.BigInteger(), nullable=name in OPTIONAL)
            for name in names.split()
        ),
        sa.PrimaryKeyConstraint(*key, name=f"pk_{table}"),
        *more,
    )


def downgrade() -> None:
    raise RuntimeError("Schemas are not downgraded: restore the backup that was made before the upgrade.")
