"""The OpenAPI 3.1 document, made from the operations and their structs: nothing is described twice."""

from functools import cache
from typing import Any

import msgspec

from procession import __version__
from procession.api.contract.envelope import ErrorBody
from procession.api.inbound import MAIL, RawMail
from procession.api.operations import Operation, is_replayable, writes
from procession.api.params import Params, field_types
from procession.api.preconditions import kind_named
from procession.api.uploads import Upload, UploadForm
from procession.domain.sheets import Sheet
from procession.storage.tx import ReadTx

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MULTIPART = "multipart/form-data"
# Bodies that are no JSON.
FORMS = (Sheet, Upload)
REF = "#/components/schemas/{name}"
STANDARD_ERRORS = (401, 403, 404, 429)
REASONS = {
    200: "OK", 201: "Created", 204: "Done, no content", 206: "Part of it",
    304: "Not modified: the named tag is current",
    400: "Malformed body", 401: "No, malformed, expired or revoked token", 403: "Not allowed",
    404: "Unknown, or not visible to the caller", 405: "Wrong method", 409: "Conflict", 410: "A copy has to start over",
    412: "Changed since it was read", 413: "Body too large",
    415: "Unsupported media type", 416: "Range outside of the file", 422: "Invalid input or state",
    423: "Locked by an open process-level issue",
    429: "Too many requests", 503: "The database or the file store does not answer",
}  # fmt: skip

IDEMPOTENCY_KEY: dict[str, Any] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Sent again within 24 hours, the same request takes effect once and gets its first answer.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
}

IF_MATCH: dict[str, Any] = {
    "name": "If-Match",
    "in": "header",
    "required": False,
    "description": "The ETag of an earlier answer: the write is refused (412) when the thing has changed since.",
    "schema": {"type": "string"},
}


def document(operations: list[Operation], server_url: str = "/") -> dict[str, Any]:
    """The whole document. Paths are also served under `/api`."""
    shapes = [kind for each in operations for kind in _shapes(each)]
    schemas, components = msgspec.json.schema_components([*shapes, ErrorBody], ref_template=REF)
    schema_of = {id(kind): schema for kind, schema in zip(shapes, schemas, strict=False)}
    paths: dict[str, dict[str, Any]] = {}
    for each in operations:
        described = _described(each, schema_of)
        paths.setdefault(each.path, {})[each.method.lower()] = described
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Procession",
            "version": __version__,
            "summary": "Runs repeatable procedures: templates, processes, tasks. Compatible with Tallyfy's REST API.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": server_url}],
        "security": [{"token": []}],
        "tags": [{"name": name} for name in dict.fromkeys(each.tag for each in operations)],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _shapes(operation: Operation) -> list[Any]:
    shapes = [_body_shape(operation)] if operation.wants_body and operation.body not in FORMS else []
    if _has_answer(operation):
        shapes.append(operation.answer)
    if operation.params is not None:
        shapes.extend(field_types(operation.params, extras=True).values())
    return shapes


def _may_be_conditional(operation: Operation) -> bool:
    return writes(operation) and kind_named(operation) is not None


def _body_shape(operation: Operation) -> Any:
    return operation.documented_body or operation.body


def _has_answer(operation: Operation) -> bool:
    return operation.answer is not None and operation.answer is not type(None)


def _described(operation: Operation, schema_of: dict[int, Any]) -> dict[str, Any]:
    summary, _, rest = (operation.handler.__doc__ or "").strip().partition("\n")
    described: dict[str, Any] = {
        "operationId": operation.id,
        "tags": [operation.tag],
        "summary": summary,
        "parameters": [
            *_path_parameters(operation),
            *_query_parameters(operation, schema_of),
            *([IDEMPOTENCY_KEY] if is_replayable(operation) else []),
            *([IF_MATCH] if _may_be_conditional(operation) else []),
        ],
        "responses": _responses(operation, schema_of),
    }
    if rest.strip():
        described["description"] = "\n".join(line.strip() for line in rest.strip().splitlines())
    if operation.auth == "public":
        described["security"] = []
    if operation.auth == "guest":
        described["security"] = [{"token": []}, {}]
    if operation.wants_body or operation.documented_body in (UploadForm, RawMail):
        described["requestBody"] = {
            "required": operation.body in FORMS or _is_upload(operation) or operation.documented_body is RawMail,
            "content": _body_content(operation, schema_of),
        }
    return described


def _body_content(operation: Operation, schema_of: dict[int, Any]) -> dict[str, Any]:
    if operation.body is Sheet:
        return {"text/csv": {"schema": {"type": "string"}}, XLSX: {"schema": {"type": "string", "format": "binary"}}}
    if _is_upload(operation):
        return {MULTIPART: {"schema": _form_schema()}}
    if operation.documented_body is RawMail:
        binary = {"type": "string", "format": "binary"}
        form = {"type": "object", "properties": {"email": binary}, "required": ["email"]}
        return {MAIL: {"schema": binary}, MULTIPART: {"schema": form}}
    return {"application/json": {"schema": schema_of[id(_body_shape(operation))]}}


def _is_upload(operation: Operation) -> bool:
    """Where no organization is named, the handler receives the form itself."""
    return operation.body is Upload or operation.documented_body is UploadForm


def _form_schema() -> dict[str, Any]:
    fields = {field.name: field for field in msgspec.structs.fields(UploadForm)}
    properties = {name: {"type": "string"} for name in fields} | {"name": {"type": "string", "format": "binary"}}
    needed = [name for name, field in fields.items() if field.required]
    return {"type": "object", "properties": properties, "required": needed}


def _path_parameters(operation: Operation) -> list[dict[str, Any]]:
    kinds = {int: {"type": "integer", "minimum": 0}, str: {"type": "string"}}
    names = [segment[1:-1] for segment in operation.path.split("/") if segment.startswith("{")]
    return [
        {"name": name, "in": "path", "required": True, "schema": kinds[operation.path_parameters[name]]}
        for name in names
    ]


def _query_parameters(operation: Operation, schema_of: dict[int, Any]) -> list[dict[str, Any]]:
    if operation.params is None:
        return []
    nested = operation.params.NESTED
    return [
        _nested_parameter(name, schema_of[id(kind)])
        if name in nested
        else _query_parameter(name.rstrip("_"), schema_of[id(kind)])
        for name, kind in field_types(operation.params, extras=True).items()
    ] + [_query_parameter(alias, schema_of[id(kind)]) for alias, kind in _aliased(operation.params).items()]


def _aliased(shape: type[Params]) -> dict[str, Any]:
    types = field_types(shape, extras=True)
    return {alias: types[name] for alias, name in shape.ALIASES.items() if alias != name.rstrip("_")}


def _nested_parameter(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    """As `name[part][part]=text`; where the second part is left out, as `name[part]=text`."""
    text = {"type": "string"}
    parts = {"type": "object", "additionalProperties": text}
    return {
        "name": name,
        "in": "query",
        "required": False,
        "description": schema["description"],
        "style": "deepObject",
        "explode": True,
        "schema": {"type": "object", "additionalProperties": {"anyOf": [text, parts]}},
    }


def _query_parameter(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    schema = dict(schema)
    described: dict[str, Any] = {"name": name, "in": "query", "required": False}
    if "description" in schema:
        described["description"] = schema.pop("description")
    schema.pop("default", None)
    options = [option for option in schema.pop("anyOf", []) if option != {"type": "null"}]
    schema = {**options[0], **schema} if len(options) == 1 else schema
    if schema.get("type") == "array":
        described |= {"style": "form", "explode": False}
    described["schema"] = schema
    return described


def _responses(operation: Operation, schema_of: dict[int, Any]) -> dict[str, Any]:
    responses: dict[str, Any] = {}
    for status in (operation.status, *operation.also):
        responses[str(status)] = {"description": REASONS[status]}
        if _has_answer(operation) and status != 204:
            schema = schema_of[id(operation.answer)]
            responses[str(status)]["content"] = {
                media: {"schema": schema if media == "application/json" else {"type": "string"}}
                for media in operation.media_types
            }
    if operation.etag:
        responses["304"] = {"description": REASONS[304]}
    errors = {429} if operation.auth == "public" else {*STANDARD_ERRORS}
    if operation.wants_body:
        errors |= {400, 413, 422}
    if is_replayable(operation):
        errors |= {400, 409, 422}
    if operation.tx is not ReadTx and operation.method != "GET":
        errors.add(400)
    if _may_be_conditional(operation):
        errors.add(412)
    if operation.params is not None:
        # Only where the server is set to refuse what it would otherwise ignore.
        errors.add(422)
    for status in sorted({*errors, *operation.errors}):
        error = {"schema": {"$ref": REF.format(name="ErrorBody")}}
        responses[str(status)] = {"description": REASONS[status], "content": {"application/json": error}}
    return responses


@cache
def complete_document() -> bytes:
    """The document of everything there is, as JSON with stable formatting."""
    from procession.api.catalogue import all_operations  # the catalogue imports the routes, which may serve this

    return msgspec.json.format(msgspec.json.encode(document(all_operations())), indent=2)
