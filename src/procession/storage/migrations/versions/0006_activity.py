"""Finding what happened to a template, or to a task that stands alone.

Revision: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

PAYLOAD = {"sqlite": "CAST(payload ->> '{key}' AS TEXT)", "postgresql": "(CAST(payload AS json) ->> '{key}')"}


def upgrade() -> None:
    op.create_table(
        "event_topic",
        sa.Column("org", sa.BigInteger(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("org", "topic", "position", name="pk_event_topic"),
        sqlite_with_rowid=False,
    )
    payload = PAYLOAD[op.get_bind().dialect.name]
    template, task = payload.format(key="template"), payload.format(key="task")
    enter("subject_kind || ':' || subject_id", "subject_kind IN ('template', 'task')")
    enter(f"'template:' || {template}", f"{template} IS NOT NULL AND subject_kind <> 'template'")
    enter(f"'task:' || {task}", f"{task} IS NOT NULL AND subject_kind = 'thread'")


def enter(topic: str, condition: str) -> None:
    """What happened until now."""
    op.get_bind().exec_driver_sql(
        "INSERT INTO event_topic (org, topic, position) "  # noqa: S608  # parts of this module
        f"SELECT org, {topic}, position FROM event WHERE process IS NULL AND {condition}"
    )


def downgrade() -> None:
    raise RuntimeError("Schemas are not downgraded: restore the backup that was made before the upgrade.")
