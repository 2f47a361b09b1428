"""Files that comments carry.

Revision: 0027
Revises: 0026
"""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

HOLDERS = {"process": ("process", "seq"), "task": ("task", "seq"), "template_id": ("template", "id")} | {
    "bin_item": ("bin_item", "no"),
}  # fmt: skip


def upgrade() -> None:
    # SQLite adds foreign keys to new tables only: there the rows move into one.
    with op.batch_alter_table("file_use", copy_from=former_table()) as table:
        table.add_column(sa.Column("thread", sa.BigInteger(), nullable=True))
        table.create_foreign_key(
            "fk_file_use_org_thread", "thread", ["org", "thread"], ["org", "no"], ondelete="CASCADE"
        )
    op.create_index("ix_file_use_thread", "file_use", ["org", "thread"])


def former_table() -> sa.Table:
    """As 0022 made it."""
    table = sa.Table(
        "file_use",
        sa.MetaData(),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("org", "file")),
        sa.Column("holder", sa.Text(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=True) for name in ("process", "task")),
        *(sa.Column(name, sa.Text(), nullable=True) for name in ("template_id", "step_id")),
        sa.Column("bin_item", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("org", "file", "holder", name="pk_file_use"),
        sa.ForeignKeyConstraint(["org", "file"], ["file.org", "file.no"], name="fk_file_use_org_file"),
        *(
            sa.ForeignKeyConstraint(
                ["org", column],
                [f"{parent}.org", f"{parent}.{key}"],
                name=f"fk_file_use_org_{column}",
                ondelete="CASCADE",
            )
            for column, (parent, key) in HOLDERS.items()
        ),
    )
    for name, column in (("template", "template_id"), *((each, each) for each in ("holder", "process", "task"))):
        sa.Index(f"ix_file_use_{name}", table.c.org, table.c[column])
    sa.Index("ix_file_use_bin_item", table.c.org, table.c.bin_item)
    return table


def downgrade() -> None:
    raise RuntimeError("Schemas are not downgraded: restore the backup that was made before the upgrade.")
