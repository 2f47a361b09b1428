"""Tags and folders on things. Spec: api-content 1.1 A5-A7, 2.1 B5-B7."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from procession.api.call import Answer
from procession.api.contract.envelope import Item
from procession.api.operations import operation
from procession.domain.errors import Invalid
from procession.storage import tags
from procession.storage.tx import WriteTx
from procession.usecases import attaching

ORGANIZATION = "/organizations/{org_id}"


class TagLinkBody(msgspec.Struct):
    """What to tag with what."""

    subject_id: str
    subject_type: str
    tag_id: str
    tag_type: Annotated[str, Meta(description="private or public")]


class AttachedTag(msgspec.Struct):
    """A tag on something; `id` detaches it."""

    id: int
    tag_id: str
    subject_id: str
    subject_type: Literal["Checklist", "Run", "Step", "Task"]
    title: str
    color: str | None


class FilingBody(msgspec.Struct):
    """What to put into which process folder."""

    folder_id: str
    subject_id: str
    subject_type: str


class Filed(msgspec.Struct):
    """A thing in a folder; `id` takes it out."""

    id: int
    folder_id: str
    subject_id: str
    subject_type: Literal["Run", "Task"]


@operation("DELETE", ORGANIZATION + "/tags/{tag_id}", tag="tags", status=204)
async def delete_tag(tx: WriteTx, tag_id: str) -> None:
    """Delete a tag for good, from everything that carries it; 204 also when there is none."""
    await attaching.delete_tag(tx, tag_id)


@operation("POST", ORGANIZATION + "/checklists/tags", tag="tags", status=201, also=(200,))
async def attach_tag(tx: WriteTx, body: TagLinkBody) -> Item[AttachedTag] | Answer:
    """Tag a template, process, step or task; 200 with the same association when it carries the tag already."""
    types = {"checklist": "Checklist", "run": "Run", "step": "Step", "task": "Task"}
    subject_type = types.get(body.subject_type.lower())
    errors: dict[str, list[str]] = {}
    if subject_type is None:
        errors["subject_type"] = ["The subject type must be Checklist, Run, Step or Task."]
    if body.tag_type.lower() not in ("private", "public"):
        errors["tag_type"] = ["The tag type must be private or public."]
    if errors or subject_type is None:
        raise Invalid(errors)
    link, is_new = await attaching.attach_tag(
        tx,
        tag_id=body.tag_id.lower(),
        subject_type=subject_type,  # pyright: ignore[reportArgumentType]  # one of the four words
        subject_id=body.subject_id.lower(),
    )
    row = await tags.find(tx, link.tag_id)
    title, color = (row.title, row.color) if row else ("", None)
    attached = AttachedTag(
        id=link.id,
        tag_id=link.tag_id,
        subject_id=body.subject_id.lower(),
        subject_type=subject_type,  # pyright: ignore[reportArgumentType]  # as above
        title=title,
        color=color,
    )
    return Answer(Item(attached), status=201 if is_new else 200)


@operation("DELETE", ORGANIZATION + "/checklists/tags/{association_id}", tag="tags", status=204, errors=(422,))
async def detach_tag(tx: WriteTx, association_id: int) -> None:
    """Take a tag off, by the association's id."""
    await attaching.detach_tag(tx, association_id)


@operation("POST", ORGANIZATION + "/folders/add-object", tag="folders", status=201)
async def add_to_folder(tx: WriteTx, body: FilingBody) -> Item[Filed]:
    """Put a process or task into a process folder; filing it again moves it."""
    types = {"run": "Run", "task": "Task"}
    subject_type = types.get(body.subject_type.lower())
    if subject_type is None:
        raise Invalid({"subject_type": ["The subject type must be Run or Task."]})
    link = await attaching.file_object(
        tx,
        folder_id=body.folder_id.lower(),
        subject_type=subject_type,  # pyright: ignore[reportArgumentType]  # one of the two words
        subject_id=body.subject_id.lower(),
    )
    return Item(Filed(link.id, link.folder_id, body.subject_id.lower(), subject_type))  # pyright: ignore[reportArgumentType]  # as above


@operation("DELETE", ORGANIZATION + "/folders-objects/{relation_id}", tag="folders", status=204, errors=(422,))
async def remove_from_folder(tx: WriteTx, relation_id: int) -> None:
    """Take a process or task out of its folder, by the relation's id."""
    await attaching.unfile_object(tx, relation_id)


@operation("DELETE", ORGANIZATION + "/folders/{folder_id}", tag="folders", status=204)
async def delete_folder(tx: WriteTx, folder_id: str) -> None:
    """Delete a folder; what lies in it becomes unfiled, sub-folders move up."""
    await attaching.delete_folder(tx, folder_id)
