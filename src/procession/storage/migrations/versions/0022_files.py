"""Uploaded files, and what refers to them.

Revision: 0022
Revises: 0021
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

NUMBERS = frozenset({"org", "no", "size", "uploader", "uploaded_at", "archived_at"}) | {
    "file", "process", "task", "bin_item",
}  # fmt: skip
OPTIONAL = frozenset({"task_id", "step_id", "system", "uploader", "uploader_guest", "archived_at"}) | {
    "process", "task", "template_id", "bin_item",
}  # fmt: skip


def upgrade() -> None:
    create(
        "file",
        "org no id state filename size sha256 subject_type subject_id task_id step_id uploaded_from source system"
        " uploader uploader_guest uploaded_at archived_at",
        sa.UniqueConstraint("org", "id", name="uq_file_org_id"),
        key=("org", "no"),
    )
    create(
        "file_use",
        "org file holder process task template_id step_id bin_item",
        refers("file", "file", "no", cascades=False),
        refers("process", "process", "seq"),
        refers("task", "task", "seq"),
        refers("template_id", "template", "id"),
        refers("bin_item", "bin_item", "no"),
        key=("org", "file", "holder"),
    )
    for name, column in (("template", "template_id"), *((each, each) for each in ("holder", "process", "task"))):
        op.create_index(f"ix_file_use_{name}", "file_use", ["org", column])
    op.create_index("ix_file_use_bin_item", "file_use", ["org", "bin_item"])


def refers(column: str, table: str, to: str, *, cascades: bool = True) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["org", column],
        [f"{table}.org", f"{table}.{to}"],
        name=f"fk_file_use_org_{column}",
        ondelete="CASCADE" if cascades else None,
    )


def create(table: str, names: str, *more: sa.ForeignKeyConstraint | sa.UniqueConstraint, key: tuple[str, ...]) -> None:
    op.create_table(
        table,
        *(
            sa.Column(name, sa.BigInteger() if name in NUMBERS else sa.Text(), nullable=name in OPTIONAL)
            for name in names.split()
        ),
        sa.PrimaryKeyConstraint(*key, name=f"pk_{table}"),
        *more,
    )


def downgrade() -> None:
    raise RuntimeError("Schemas are not downgraded: restore the backup that was made before the upgrade.")
