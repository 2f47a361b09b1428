"""Mail that came in, so that none is dealt with twice.

Revision: 0025
Revises: 0023
"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "inbound_mail",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("refused_to", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("key", name="pk_inbound_mail"),
    )
    op.create_index("ix_inbound_mail_received_at", "inbound_mail", ["received_at"])
    op.create_index("ix_inbound_mail_refused_to", "inbound_mail", ["refused_to"])


def downgrade() -> None:
    raise RuntimeError("Schemas are not downgraded: restore the backup that was made before the upgrade.")
