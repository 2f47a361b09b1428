"""Finding the organizations in which something is to be counted afresh.

Revision: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    stale = sa.text("is_stale = 1")
    op.create_index("ix_viewer_stale", "viewer", ["org"], sqlite_where=stale, postgresql_where=stale)
