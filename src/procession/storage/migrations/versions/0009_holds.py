"""Processes on hold, approvals by several: a column each, null on all there are.

Revision: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("process", sa.Column("hold", sa.Text(), nullable=True))
    op.add_column("task", sa.Column("approvals_needed", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    raise RuntimeError("Schemas are not downgraded: restore the backup that was made before the upgrade.")
