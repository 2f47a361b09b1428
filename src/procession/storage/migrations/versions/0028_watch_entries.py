"""What those who watch are told later.

Revision: 0028
Revises: 0027
"""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "watch_entry",
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("org", "account", "position", "due_at")),
        sa.PrimaryKeyConstraint("org", "account", "position", name="pk_watch_entry"),
    )


def downgrade() -> None:
    raise RuntimeError("Schemas are not downgraded: restore the backup that was made before the upgrade.")
