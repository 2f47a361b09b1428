"""What templates and records draw on: snippets, job titles, lookup lists, custom fields.

Revision: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.schema import SchemaItem

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

RECORDS = ("member", "guest", "folder", "tag")


def columns(described: str) -> list[sa.Column[int] | sa.Column[str]]:
    """`no title:text deleted_at?`: whole numbers unless said otherwise, null only with a question mark."""
    made: list[sa.Column[int] | sa.Column[str]] = []
    for each in described.split():
        name, _, kind = each.removesuffix("?").partition(":")
        is_optional = each.endswith("?")
        if kind == "text":
            made.append(sa.Column(name, sa.Text(), nullable=is_optional))
        else:
            made.append(sa.Column(name, sa.BigInteger(), nullable=is_optional, autoincrement=False))
    return made


def create(table: str, described: str, *items: SchemaItem) -> None:
    op.create_table(table, *columns(described), *items)


def primary_key(table: str, *names: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*names, name=f"pk_{table}")


def unique(table: str, *names: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(*names, name=f"uq_{table}_{'_'.join(names)}")


def upgrade() -> None:
    create_snippets()
    create_named("job_title", "users:text last_holders:text")
    create_named("lookup_list", "columns:text rows:text")
    create_custom_fields()


def create_snippets() -> None:
    create(
        "snippet",
        "org id title:text folded_title:text content:text folded_text:text is_public for_guests created_at "
        "updated_at deleted_at?",
        primary_key("snippet", "org", "id"),
    )
    op.create_index("ix_snippet_title", "snippet", ["org", "folded_title", "id"])
    create(
        "snippet_text",
        "org snippet since content:text",
        primary_key("snippet_text", "org", "snippet", "since"),
        sa.ForeignKeyConstraint(
            ["org", "snippet"], ["snippet.org", "snippet.id"], name="fk_snippet_text_org_snippet", ondelete="CASCADE"
        ),
    )


def create_named(table: str, described: str) -> None:
    """Things with a name that nothing else of the organization has."""
    create(
        table,
        f"org id:text name:text folded_name:text {described} created_at updated_at",
        primary_key(table, "org", "id"),
        unique(table, "org", "folded_name"),
    )


def create_custom_fields() -> None:
    """Their keys; values stand in the records themselves: processes, tasks and template documents have them already."""
    create(
        "field_key",
        "org no id:text applies_to:text key:text label:text field_type:text key_type:text is_required is_active "
        "options:text columns:text created_at updated_at",
        primary_key("field_key", "org", "id"),
        unique("field_key", "org", "applies_to", "key"),
    )
    op.create_index("ix_field_key_no", "field_key", ["org", "no"])
    for record in RECORDS:
        op.add_column(record, sa.Column("custom_fields", sa.Text(), nullable=True))


def downgrade() -> None:
    raise RuntimeError("Schemas are not downgraded: restore the backup that was made before the upgrade.")
