"""What members who leave hand over.

Revision: 0018
Revises: 0017
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

WORDS = frozenset({"guest", "status"})
OPTIONAL = frozenset({"guest", "finished_at"})


def upgrade() -> None:
    names = "org id leaver member guest asked_by status tasks processes templates created_at updated_at finished_at"
    op.create_table(
        "handover",
        *(
            sa.Column(name, sa.Text() if name in WORDS else sa.BigInteger(), nullable=name in OPTIONAL)
            for name in names.split()
        ),
        sa.PrimaryKeyConstraint("org", "id", name="pk_handover"),
    )
    op.create_index("ix_handover_leaver", "handover", ["org", "leaver", "id"])


def downgrade() -> None:
    raise RuntimeError("Schemas are not downgraded: restore the backup that was made before the upgrade.")
