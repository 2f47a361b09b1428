"""How an endpoint is declared: one decorator says everything the router and the API document need.

    @operation("GET", "/organizations/{org_id}/tags", tag="tags")
    async def list_tags(tx: ReadTx, call: Call, params: TagListParams) -> Paginated[Tag]:

What a handler gets is decided by its parameters: `tx` (ReadTx or WriteTx; the edge opens and commits it), `call`,
`params` (a Params struct), `body` (a struct, `Any` for the plain data, `Upload` for a file that was sent as a form, or
`Sheet` for an uploaded table, of a workbook the sheet that `params.sheet` names), and path parameters by their names
(`int` ones are 404 when they are not numbers). What it returns is the body; the annotation is the documented shape.
"""

import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from types import UnionType
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

import msgspec

from procession.api.call import Answer, Later, Pieces, Streamed
from procession.api.params import Params
from procession.storage.tx import ReadTx, WriteTx

Auth = Literal["member", "account", "guest", "public"]
H = TypeVar("H", bound=Callable[..., Awaitable[Any]])


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """One endpoint."""

    method: str
    path: str
    id: str
    tag: str
    handler: Callable[..., Awaitable[Any]]
    auth: Auth
    status: int
    etag: bool
    errors: tuple[int, ...]
    media_types: tuple[str, ...]
    # Other successful statuses of the same shape.
    also: tuple[int, ...]
    tx: type[ReadTx] | None
    wants_call: bool
    params: type[Params] | None
    body: Any  # None when it takes no body, else the struct type or Any
    path_parameters: Mapping[str, type]
    wanted_path_parameters: tuple[str, ...]
    answer: Any  # the return annotation
    # The answer shows a secret that is not to be kept, not even for the caller to ask again.
    shows_secret: bool
    # What the path names is not there any more once it was done.
    uses_up: bool
    # Used only in the document: a description of the body where the handler reads plain data.
    documented_body: Any
    # Asked before the faults of a body are told; its effects are not kept. It takes a `tx` for writing, and what
    # `first_takes` names: `call`, the others are the path's parameters from the left, as many as it has room for.
    first: Callable[..., Awaitable[object]] | None
    first_takes: tuple[str, ...]

    @property
    def wants_body(self) -> bool:
        return self.body is not None


def operation(
    method: str | Sequence[str],
    path: str,
    *,
    tag: str,
    auth: Auth = "member",
    status: int = 200,
    also: tuple[int, ...] = (),
    etag: bool = False,
    errors: tuple[int, ...] = (),
    media_types: tuple[str, ...] = ("application/json",),
    shows_secret: bool = False,
    uses_up: bool = False,
    documented_body: Any = None,
    first: Callable[..., Awaitable[object]] | None = None,
) -> Callable[[H], H]:
    """Declare the decorated coroutine function as an endpoint; several methods make aliases of one another."""

    def declare(handler: H) -> H:
        methods = [method] if isinstance(method, str) else list(method)
        declared: list[Operation] = []
        for index, verb in enumerate(methods):
            declared.append(
                _inspected(
                    handler,
                    method=verb,
                    path=path,
                    id=_camel(handler.__name__) + (f"By{verb.title()}" if index else ""),
                    tag=tag,
                    auth=auth,
                    status=status,
                    also=also,
                    etag=etag,
                    errors=errors,
                    media_types=media_types,
                    shows_secret=shows_secret,
                    uses_up=uses_up,
                    documented_body=documented_body,
                    first=first,
                    first_takes=_taken(first, path),
                )
            )
        previous: tuple[Operation, ...] = getattr(handler, "operations", ())
        handler.operations = (*previous, *declared)  # pyright: ignore[reportFunctionMemberAccess]  # read back by `operations_of`
        return handler

    return declare


def operations_of(module: Any) -> list[Operation]:
    """The endpoints a routes module declares."""
    found: list[Operation] = []
    for handler in cast("dict[str, Any]", vars(module)).values():
        if getattr(handler, "__module__", None) == module.__name__:
            found.extend(getattr(handler, "operations", ()))
    return found


def _documented(answer: Any) -> Any:
    """The shape of the body: streams, answers with headers of their own and later ones carry the same one."""
    kept = [option for option in get_args(answer) if option not in (Streamed, Answer, Later, Pieces)]
    return kept[0] if len(kept) == 1 and get_origin(answer) in (Union, UnionType) else answer


def _taken(first: Callable[..., Awaitable[object]] | None, path: str) -> tuple[str, ...]:
    """The names of what `first` is handed after its `tx`, in its order."""
    if first is None:
        return ()
    named = [segment[1:-1] for segment in path.split("/") if segment.startswith("{") and segment != "{org_id}"]
    wanted = list(inspect.signature(first).parameters)[1:]
    things = iter(named)
    taken = ["call" if name == "call" else next(things, None) for name in wanted]
    return tuple(name for name in taken if name is not None)


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.title() for word in rest)


def _inspected(handler: Callable[..., Awaitable[Any]], *, path: str, **options: Any) -> Operation:
    hints = get_type_hints(handler)
    names = {segment[1:-1] for segment in path.split("/") if segment.startswith("{")}
    parameters: dict[str, type] = dict.fromkeys(names, str)
    tx: type[ReadTx] | None = None
    params: type[Params] | None = None
    body: Any = None
    for name in inspect.signature(handler).parameters:
        kind = hints[name]
        if name == "tx":
            tx = kind
        elif name == "params":
            params = kind
        elif name == "body":
            body = kind
        elif name in names:
            parameters[name] = kind
        elif name != "call":
            raise TypeError(f"{handler.__name__}: nothing is called {name!r} in {path}")
    return Operation(
        path=path,
        handler=handler,
        tx=tx,
        wants_call="call" in hints,
        params=params,
        body=body,
        path_parameters=parameters,
        wanted_path_parameters=tuple(name for name in inspect.signature(handler).parameters if name in names),
        answer=_documented(hints.get("return")),
        **options,
    )


def writes(operation: Operation) -> bool:
    return operation.tx is WriteTx


def reads_by_write(operations: Sequence[Operation]) -> Mapping[str, Operation]:
    """Of writes that answer what reading the same path would: the read, by the id of the write."""
    reads = {each.path: each for each in operations if each.method == "GET" and each.etag}
    return {
        each.id: reads[each.path]
        for each in operations
        if each.method in ("PUT", "PATCH")
        and writes(each)
        and each.path in reads
        and each.answer == reads[each.path].answer
    }


def is_replayable(operation: Operation) -> bool:
    """Whether the operation minds an `Idempotency-Key`. Spec: api-conventions 16."""
    return operation.method == "POST" and writes(operation) and not operation.shows_secret
