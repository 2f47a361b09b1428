"""Links to public processes.

Revision: 0023
Revises: 0022
"""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "public_process",
        sa.Column("org", sa.BigInteger(), nullable=False),
        sa.Column("process", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("org", "process", name="pk_public_process"),
        sa.ForeignKeyConstraint(
            ["org", "process"],
            ["process.org", "process.seq"],
            name="fk_public_process_org_process",
            ondelete="CASCADE",
        ),
        sqlite_with_rowid=False,
    )
    op.create_index("uq_public_process_code", "public_process", ["org", "code"], unique=True)
    insert = sa.text("INSERT INTO public_process (org, process, code, made_at) VALUES (:org, :process, :code, :at)")
    public = sa.text("SELECT org, seq, updated_at FROM process WHERE is_public = 1")
    for org, process, at in op.get_bind().execute(public).all():
        op.execute(insert.bindparams(org=org, process=process, at=at, code=secrets.token_urlsafe(33)))


def downgrade() -> None:
    raise RuntimeError("Schemas are not downgraded: restore the backup that was made before the upgrade.")
