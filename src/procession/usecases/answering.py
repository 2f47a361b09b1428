"""Whom and which files the answers of a form may name. Spec: api-conventions 18.4."""

from collections.abc import Collection, Mapping, Sequence

from msgspec.structs import replace

from procession.domain.answers import fold_map
from procession.domain.fields import Field
from procession.domain.file_references import file_named_by, named_files
from procession.domain.files import as_answer
from procession.domain.loose import as_list, as_object
from procession.domain.values import People
from procession.storage import attachable, files
from procession.storage.tx import ReadTx
from procession.usecases import file_access


async def nameable(
    tx: ReadTx,
    fields: Sequence[Field],
    sent: object,
    current: Mapping[str, object],
    *,
    people: People | None = None,
    handed_on: Collection[str] = (),
) -> People:
    """Whom and what answers sent to this form may name; no statement where it can name nobody and nothing.

    Of the stored files those that the caller may read, that the form names already, or that are handed on to it.
    """
    if people is None:
        has_pickers = any(field.field_type == "assignees_form" for field in fields)
        people = (await attachable.everybody(tx)).choosable if has_pickers else People()
    ids = {field.id for field in fields if field.field_type == "file"}
    answers = {key: value for key, value in (fold_map(sent) or {}).items() if key.lower() in ids} if ids else {}
    wanted = {each for value in answers.values() for each in named_files(value, tx.organization_id)}
    former = {
        named: entry
        for field in ids
        for each in as_list(current.get(field)) or ()
        if (entry := as_object(each)) and (named := file_named_by(entry, tx.organization_id)) is not None
    }
    known = {
        file.id: as_answer(file, tx.organization_id)
        for file in (await files.known(tx, wanted)).values()
        if file.id in former or file.id in handed_on or await file_access.may_attach(tx, file)
    }
    return replace(people, files={**former, **known})
