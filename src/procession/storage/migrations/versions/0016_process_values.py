"""Processes found by the answers that were given in them.

The rows follow from the answers, by rules that later versions of the program may change: `storage.values_anew` writes
them once the schema is the newest.

Revision: 0016
Revises: 0015
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "value_field",
        sa.Column("org", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("template_id", sa.Text(), nullable=False),
        sa.Column("alias", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("org", "id", name="pk_value_field"),
        sa.UniqueConstraint("org", "template_id", "alias", "kind", name="uq_value_field_org_template_id_alias_kind"),
    )
    op.create_index("ix_value_field_alias", "value_field", ["org", "alias"])
    op.create_table(
        "process_value",
        sa.Column("org", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("field", sa.BigInteger(), nullable=False),
        sa.Column("key", _TEXT, nullable=False),
        sa.Column("state", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("org", "seq", "field", "key", name="pk_process_value"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_process_value_found", "process_value", ["org", "field", "state", "key", "seq"])
    op.create_table(
        "value_counter",
        sa.Column("org", sa.BigInteger(), nullable=False),
        sa.Column("field", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.BigInteger(), nullable=False),
        sa.Column("bucket", _TEXT, nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("org", "field", "state", "bucket", name="pk_value_counter"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    raise RuntimeError("Schemas are not downgraded: restore the backup that was made before the upgrade.")
