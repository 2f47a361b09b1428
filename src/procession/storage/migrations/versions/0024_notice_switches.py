"""Which of the notices each member wants.

Revision: 0024
Revises: 0023
"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

SWITCHES = (
    "others_updates",
    "comments",
    "mentions",
    "process_completed",
    "deadline_changes",
    "assignment_changes",
    "task_edits",
)


def upgrade() -> None:
    for name in SWITCHES:
        op.add_column("notice_preference", sa.Column(name, sa.BigInteger(), nullable=True))


def downgrade() -> None:
    raise RuntimeError("Schemas are not downgraded: restore the backup that was made before the upgrade.")
