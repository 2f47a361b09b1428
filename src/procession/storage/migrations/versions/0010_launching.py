"""Links of public kick-off forms; bulk launches.

Revision: 0010
Revises: 0009
"""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

# Documents are stored as msgspec writes them, without blanks.
IS_PUBLIC = '%"is_public_kickoff":true%'


def upgrade() -> None:
    create_public_kickoffs()
    create_bulk_launches()


def create_public_kickoffs() -> None:
    op.create_table(
        "public_kickoff",
        sa.Column("template_id", sa.Text(), nullable=False),
        sa.Column("org", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("template_id", name="pk_public_kickoff"),
        sa.UniqueConstraint("code", name="uq_public_kickoff_code"),
    )
    insert = sa.text("INSERT INTO public_kickoff (template_id, org, code, made_at) VALUES (:id, :org, :code, :at)")
    public = sa.text("SELECT org, id, updated_at FROM template WHERE document LIKE :is_public")
    for org, template_id, at in op.get_bind().execute(public, {"is_public": IS_PUBLIC}).all():
        op.execute(insert.bindparams(id=template_id, org=org, at=at, code=secrets.token_urlsafe(33)))


def create_bulk_launches() -> None:
    words, optional = ("template_id", "status", "error", "columns"), ("error", "finished_at")
    names = (
        "org id template_id member is_dry_run status error columns total done failed created_at updated_at finished_at"
    )
    op.create_table(
        "bulk_launch",
        *(
            sa.Column(name, sa.Text() if name in words else sa.BigInteger(), nullable=name in optional)
            for name in names.split()
        ),
        sa.PrimaryKeyConstraint("org", "id", name="pk_bulk_launch"),
    )
    op.create_table(
        "bulk_launch_row",
        sa.Column("org", sa.BigInteger(), nullable=False),
        sa.Column("bulk_launch", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("cells", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("run_id", sa.Text(), nullable=True),
        sa.Column("errors", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("org", "bulk_launch", "number", name="pk_bulk_launch_row"),
    )


def downgrade() -> None:
    raise RuntimeError("Schemas are not downgraded: restore the backup that was made before the upgrade.")
