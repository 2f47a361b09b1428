"""Late processes counted by hour, and found by stretches of their numbers.

Revision: 0012
Revises: 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

# As domain.listing has them.
LATE_HOUR, HOUR_MS = 17, 3_600_000


def upgrade() -> None:
    # A statement put together from constants only.
    op.execute(
        "INSERT INTO facet_counter (org, facet, key, state, n)"  # noqa: S608
        f" SELECT org, {LATE_HOUR}, CAST(next_deadline / {HOUR_MS} AS TEXT), 0, count(*) FROM process"
        " WHERE state = 0 AND next_deadline IS NOT NULL GROUP BY org, 3"
    )
    where = sa.text("state = 0 AND next_deadline IS NOT NULL")
    op.create_index(
        "ix_process_late_stretch",
        "process",
        ["org", sa.text("(seq / 128)"), "next_deadline", "seq"],
        sqlite_where=where,
        postgresql_where=where,
    )


def downgrade() -> None:
    raise RuntimeError("Schemas are not downgraded: restore the backup that was made before the upgrade.")
