"""Log lines: one JSON object each, or readable lines, always with the request they belong to."""

import logging
from contextvars import ContextVar
from typing import Any, Literal, TextIO, cast

import msgspec
import structlog
from structlog.typing import EventDict, FilteringBoundLogger, Processor, WrappedLogger

LogFormat = Literal["console", "json"]

SECRET_WORDS = ("authorization", "password", "secret", "token", "cookie")
FIRST_KEYS = ("at", "level", "logger", "event")
QUIET_LIBRARIES = {"uvicorn.access": logging.CRITICAL, "asyncio": logging.WARNING, "alembic": logging.WARNING}
# Of the request that is being answered. Spec: api-conventions 5.
current_request: ContextVar[str] = ContextVar("current_request", default="")
VISIBLE_CONTROLS = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160))}


def configure(log_format: LogFormat, log_level: str, stream: TextIO) -> None:
    """Send every log line of this process, libraries included, to `stream`. May be called again."""
    level = logging.getLevelNamesMapping()[log_level.upper()]
    send_libraries(level, logging.StreamHandler(stream), renderers(log_format, stream))
    # Our own lines skip the standard logging package: it costs as much as answering a list request.
    structlog.configure(
        processors=[
            add_request_id,
            name_logger,
            *common_processors(),
            *renderers(log_format, stream),
        ],
        logger_factory=structlog.WriteLoggerFactory(stream),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=False,
    )


def get(name: str) -> FilteringBoundLogger:
    """The logger of a module; lines are an event in words and named facts: `log.info("launched", process=id)`."""
    return cast(FilteringBoundLogger, structlog.get_logger(logger_name=name))


def send_libraries(level: int, handler: logging.Handler, last: list[Processor]) -> None:
    """Give the standard logging package one handler that writes lines like ours."""
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[
                add_request_id,
                structlog.stdlib.add_logger_name,
                *common_processors(),
            ],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name, quiet in QUIET_LIBRARIES.items():
        logging.getLogger(name).setLevel(quiet)


def common_processors() -> list[Processor]:
    return [structlog.processors.add_log_level, structlog.processors.TimeStamper(fmt="iso", key="at"), hide_secrets]


def renderers(log_format: LogFormat, stream: TextIO) -> list[Processor]:
    if log_format == "json":
        return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(serializer=as_json)]
    # The plain traceback: the prettier ones print local variables, credentials among them.
    console = structlog.dev.ConsoleRenderer(
        colors=stream.isatty(), timestamp_key="at", exception_formatter=structlog.dev.plain_traceback
    )
    return [show_controls, console]


def add_request_id(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Every line written on behalf of a request carries its id."""
    request_id = current_request.get()
    if request_id:
        event.setdefault("request_id", request_id)
    return event


def name_logger(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Call the logger what the libraries' lines call it; `get_logger` keeps that word for itself."""
    event["logger"] = event.pop("logger_name", "procession")
    return event


def hide_secrets(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """A fact named like a credential is never written, whoever logs it."""
    for key in event:
        if any(word in key.lower() for word in SECRET_WORDS):
            event[key] = "***"
    return event


def show_controls(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Control characters of the event are written out, so that nobody can forge a line or drive a terminal."""
    event["event"] = str(event["event"]).translate(VISIBLE_CONTROLS)
    return event


def as_json(event: EventDict, **_options: Any) -> str:  # Any: structlog hands over json.dumps options
    """The event as one line, what people look for first in front."""
    ordered = {key: event[key] for key in (*FIRST_KEYS, *event) if key in event}
    try:
        return msgspec.json.encode(ordered, enc_hook=str).decode()
    except (TypeError, ValueError):  # lone surrogates, keys that are not text: the line matters more than its facts
        return msgspec.json.encode({key: ascii(value) for key, value in ordered.items()}).decode()
