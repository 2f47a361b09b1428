"""Mail that came in, so that none is dealt with twice; private links to public kick-off forms.

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
    op.create_table(
        "kickoff_visit",
        sa.Column("org", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("template_id", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("process", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("org", "hash", name="pk_kickoff_visit"),
        sa.ForeignKeyConstraint(
            ["org", "process"],
            ["process.org", "process.seq"],
            name="fk_kickoff_visit_org_process",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_kickoff_visit_email", "kickoff_visit", ["org", "email", "made_at"])
    op.create_index("ix_kickoff_visit_template", "kickoff_visit", ["org", "template_id", "made_at"])
    op.create_index("ix_kickoff_visit_process", "kickoff_visit", ["org", "process"])


def downgrade() -> None:
    raise RuntimeError("Schemas are not downgraded: restore the backup that was made before the upgrade.")
