"""Whether what a template names can be used: people, groups, folders, addresses, fields. All faults at once."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import urlsplit

from procession.domain.calculating.checking import typed_template
from procession.domain.definitions import read_definition
from procession.domain.document_text import NO_BODY, NO_STEPS, WRONG_TYPE, body_fault, unsuited
from procession.domain.emails import is_email
from procession.domain.errors import Invalid, WrongState
from procession.domain.fields import Field
from procession.domain.form_rules import naming, note_new_id
from procession.domain.guests import MEMBERS_ADDRESS, normal_email
from procession.domain.loose import as_object
from procession.domain.names import clean_name, slug
from procession.domain.people import is_bot_email
from procession.domain.templates import Template, TemplateRow, TemplateType
from procession.storage import people, references, templates
from procession.storage.templates import SYSTEM_ALIAS
from procession.storage.tx import ReadTx, WriteTx

MAX_URL = 2000
UNKNOWN_MEMBER = "The selected member does not belong to this organization."
UNKNOWN_GROUP = "The selected group does not belong to this organization."

T = TypeVar("T")
Errors = dict[str, list[Any]]


def required(name: str) -> str:
    return f"The {name} field is required."


def checked_title(sent: str, most: int, errors: Errors, path: str = "title") -> str:
    title = clean_name(sent)
    if not title:
        errors[path] = [required("title")]
    elif len(title) > most:
        errors[path] = [f"The title may not be greater than {most} characters."]
    return title


def check_urls(values: Mapping[str, Any], names: Collection[str], errors: Errors) -> None:
    for name in names:
        sent = values.get(name)
        if sent is not None and not _is_url(sent):
            errors[name] = [f"The {name.replace('_', ' ')} must be a URL that begins with http:// or https://."]


def _is_url(text: str) -> bool:
    try:
        address = urlsplit(text)
        return len(text) <= MAX_URL and address.scheme in ("http", "https") and bool(address.hostname)
    except ValueError:
        return False


def indexed(path: str, ids: Sequence[T]) -> list[tuple[str, T]]:
    """Each id with the path that names it in a list."""
    return [(f"{path}.{index}", each) for index, each in enumerate(ids)]


async def check_people(
    tx: WriteTx, errors: Errors, members: Sequence[tuple[str, int]], groups: Sequence[tuple[str, str]]
) -> None:
    """Members and groups with the paths that name them."""
    known = await people.assignable(tx, (each for _, each in members), (each for _, each in groups))
    errors |= {path: [UNKNOWN_MEMBER] for path, each in members if each not in known.members}
    errors |= {path: [UNKNOWN_GROUP] for path, each in groups if each not in known.groups}


async def checked_guests(tx: ReadTx, sent: Sequence[str], kept: Collection[str], errors: Errors) -> tuple[str, ...]:
    """Guests' addresses as they are stored, without repeats. Spec: T-8.4."""
    addresses = [normal_email(each) for each in sent]
    taken = await references.member_addresses(tx, addresses)
    for index, each in enumerate(addresses):
        if each in kept:
            continue
        if not is_email(each) or is_bot_email(each):
            errors[f"guests.{index}"] = ["The guest must be a valid e-mail address."]
        elif each in taken:
            errors[f"guests.{index}"] = [MEMBERS_ADDRESS]
    return tuple(dict.fromkeys(addresses))


async def check_folder(tx: WriteTx, path: str, folder_id: str | None, kind: str, errors: Errors) -> None:
    if folder_id is not None and await references.folder_kind(tx, folder_id) != kind:
        of_what = "templates" if kind == "checklist" else "processes"
        errors[path] = [f"There is no such folder in {of_what}."]


async def checked_alias(tx: ReadTx, template_id: str, sent: str, errors: Errors) -> str:
    """The alias as a slug, unique in the organization. Spec: api-templates 3."""
    alias = slug(sent, "")
    holder = await templates.with_alias(tx, alias)
    if not alias:
        errors["alias"] = ["The alias must contain letters or digits."]
    elif alias == SYSTEM_ALIAS or (holder is not None and holder.id != template_id):
        errors["alias"] = ["The alias has already been taken."]
    return alias


def require_sound(document: Template, places: Mapping[str, str]) -> None:
    """Raises Invalid where calculations and rules of these fields do not fit the document. Spec: T-11.63, T-11.73.

    `places`: the path that each field's definition was sent at, to its id.
    """
    found = typed_template(document)
    errors: Errors = {}
    for path, field_id in places.items():
        for key, faults in (("expression", found.calculations), ("form_rules", found.rules)):
            if field_id in faults:
                errors[f"{path}.{key}" if path else key] = [faults[field_id]]
    if errors:
        raise Invalid(errors)


def read_kickoff(
    tx: WriteTx,
    sent: Sequence[Any],
    kept: Sequence[Field],
    taken_aliases: Collection[str],
    errors: Errors,
    ids: dict[str, str],
) -> list[Field]:
    """The sent kick-off fields: those with a known id changed, the others new. Spec: api-templates 2.3.

    `ids` takes in what new ones have got for the ids by which other parts of the request name them.
    """
    known = {field.id: field for field in kept}
    aliases = set(taken_aliases)
    read: list[Field] = []
    seen: set[str] = set()
    for index, raw in enumerate(sent):
        field_id = (as_object(raw) or {}).get("id")
        existing = known.get(field_id) if isinstance(field_id, str) else None
        path = f"prerun.{index}"
        if existing is not None and existing.id in seen:
            errors[f"{path}.id"] = ["The field is listed twice."]
            continue
        try:
            field = read_definition(
                raw,
                path=path,
                new_id=tx.new_id,
                now=tx.now,
                existing=existing,
                taken_aliases=aliases,
                next_position=len(known) + index + 1,
            )
        except Invalid as invalid:
            errors.update(invalid.errors)
            continue
        seen.add(field.id)
        aliases.add(field.alias)
        read.append(field)
        note_new_id(raw, field, ids)
    return [naming(field, ids) for field in read]


def require_text(
    kind: TemplateType, document: Template, places: Mapping[str, str], *, former: Template | None = None
) -> None:
    """Raises Invalid where fields or text are none that a template of this type has. Spec: T-16.1, T-16.5."""
    errors: Errors = {}
    at = {field_id: path for path, field_id in places.items()}
    for field in unsuited(kind, document.kickoff):
        errors[f"{at[field.id]}.field_type" if field.id in at else "type"] = [WRONG_TYPE]
    if kind != "document":
        is_new = document.body and (former is None or document.body != former.body)
        errors |= {"body": [NO_BODY]} if is_new else {}
    elif (fault := body_fault(document)) is not None:
        errors["body"] = [fault]
    if errors:
        raise Invalid(errors)


def require_steps(row: TemplateRow) -> None:
    """Raises WrongState for a document. Spec: T-16.3."""
    if row.type == "document":
        raise WrongState(NO_STEPS)
