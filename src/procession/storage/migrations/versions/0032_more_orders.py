"""Processes are in order by status, by progress and by their next deadline.

Revision: 0032
Revises: 0031
"""

from alembic import op
from sqlalchemy import text

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

PROGRESS = "((tasks_done * 1000) / (tasks_visible + (1 / (1 + tasks_visible))))"


def upgrade() -> None:
    op.create_index("ix_process_status", "process", ["org", "state", "status", "seq"])
    op.create_index("ix_process_progress", "process", ["org", "state", text(PROGRESS), "seq"])
    op.create_index("ix_process_next", "process", ["org", "state", "next_deadline", "seq"])
    # The same of those that are open.
    op.drop_index("ix_process_late", "process")


def downgrade() -> None:
    raise RuntimeError("Schemas are not downgraded: restore the backup that was made before the upgrade.")
