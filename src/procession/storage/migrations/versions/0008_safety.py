"""Requests that their callers named, with their answers; what changed last when, and who lost sight of it.

Revision: 0008
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "idempotency_key",
        sa.Column("org", sa.BigInteger(), nullable=False),
        sa.Column("caller", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("org", "caller", "key", name="pk_idempotency_key"),
    )
    op.create_index("ix_idempotency_key_at", "idempotency_key", ["org", "at"])
    op.create_table(
        "change",
        sa.Column("org", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("org", "kind", "seq", name="pk_change"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_change_position", "change", ["org", "kind", "position", "seq"])
    op.create_table(
        "departure",
        sa.Column("org", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.BigInteger(), nullable=False),
        sa.Column("principal", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("org", "kind", "principal", "position", "seq", name="pk_departure"),
        sqlite_with_rowid=False,
    )
    # Changes before this were kept by nobody (storage.changes.Kind.START).
    op.execute("INSERT INTO change (org, kind, seq, position) SELECT org, 3, 0, position FROM organization_state")


def downgrade() -> None:
    raise RuntimeError("Schemas are not downgraded: restore the backup that was made before the upgrade.")
