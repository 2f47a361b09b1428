"""The text of a document on the wire. Spec: api-templates 10.2."""

import msgspec


class DocumentHeading(msgspec.Struct):
    """An entry of the table of contents; `id` is that of the heading's element in `body`."""

    id: str
    level: int
    title: str


class TemplateText(msgspec.Struct):
    """A document as it will read: its fields as empty `editor-form-field` elements."""

    checklist_id: str
    title: str
    body: str
    contents: list[DocumentHeading]


class ProcessText(msgspec.Struct):
    """A document as it was launched, each answer inside the `editor-form-field` of its field."""

    run_id: str
    checklist_id: str
    name: str
    body: str
    contents: list[DocumentHeading]
