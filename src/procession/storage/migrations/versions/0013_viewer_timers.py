"""What members see is counted afresh by a timer; those that wait for it get one.

Revision: 0013
Revises: 0012
"""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "INSERT INTO timer (kind, org, subject, due_at, claimed_until, attempts)"
        " SELECT DISTINCT 'count_viewers', org, 0, 0, 0, 0 FROM viewer WHERE is_stale = 1"
    )


def downgrade() -> None:
    raise RuntimeError("Schemas are not downgraded: restore the backup that was made before the upgrade.")
