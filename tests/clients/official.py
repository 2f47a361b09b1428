"""The official Python client, remembering what it read; what a filled model means."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, cast

import pytest
from tallyfy import TallyfyError, TallyfySDK

from tests.builders import Organization

Json = Any  # decoded JSON: its shape is what these tests check
Model = Any  # a model of the client
Sdk = Any  # the client: its annotations leave out what its models gain and say None where it never is

# Attributes the client makes up itself, and includes, which are only there when asked for.
MADE_UP = {"extra", "_count", "guest_id", "task_urls", "disabled_on"}
INCLUDES = {
    "Run": {"tags"},
    "Task": {"run", "step", "summary"},
    "Template": {"steps", "tags", "linked_tasks"},
    "Folder": {"children"},
    "User": {"country"},
}


class Official(TallyfySDK):
    """The client as it comes, one attempt a request; `answer` is the JSON it was given last."""

    def __init__(self, token: str, base_url: str) -> None:
        super().__init__(api_key=token, base_url=base_url, max_retries=0)
        self.session.trust_env = False
        self.answer: Json = None

    def _make_request(self, *arguments: Any, **options: Any) -> Json:
        self.answer = super()._make_request(*arguments, **options)
        return self.answer


@dataclass(frozen=True)
class Office:
    """An organization of a test's own and its administrator's client."""

    organization: Organization
    sdk: Sdk
    base_url: str

    @property
    def id(self) -> str:
        return self.organization.id

    @property
    def admin(self) -> int:
        return self.organization.admin.id

    @contextmanager
    def client(self, token: str) -> Iterator[Sdk]:
        """The client with somebody else's token."""
        sdk = Official(token, self.base_url)
        try:
            yield sdk
        finally:
            sdk.session.close()


def empty_attributes(model: Model, sent: Mapping[str, Json]) -> list[str]:
    """The attributes of a model, and of the models in it, that the answer had nothing for or said otherwise."""
    name = type(model).__name__
    apart = MADE_UP | INCLUDES.get(name, set()) - sent.keys()
    if "tag_id" in sent:  # the client reads a tag's link as if it were the tag
        apart |= {"auto_generated", "created_at", "deleted_at"}
    wrong: list[str] = []
    for field in fields(model):
        if field.name in apart:
            continue
        if field.name not in sent:
            wrong.append(f"{name}.{field.name}")
            continue
        wrong += _differences(f"{name}.{field.name}", getattr(model, field.name), unwrapped(sent[field.name]))
    return wrong


def _differences(path: str, value: Model, sent: Json) -> list[str]:
    if is_dataclass(value):
        return empty_attributes(value, sent)
    if isinstance(value, list) and value and is_dataclass(value[0]):
        return [each for model, body in zip(value, sent, strict=True) for each in empty_attributes(model, body)]
    return [] if unwrapped(value) == sent else [f"{path}: {value!r} from {sent!r}"]


def unwrapped(value: Json) -> Json:
    """An included relation without its envelope."""
    return cast("Json", value["data"]) if isinstance(value, dict) and value.keys() == {"data"} else value


def assert_filled(model: Model, sent: Mapping[str, Json]) -> None:
    wrong = empty_attributes(model, sent)
    assert not wrong, "\n".join(wrong)


def assert_all_filled(models: list[Model], sent: list[Json]) -> None:
    assert models, "nothing to look at"
    for model, body in zip(models, sent, strict=True):
        assert_filled(model, body)


def assert_refused(status: int, call: Callable[[], object], *, saying: str | None = None) -> None:
    """The client raises its error with the status and the server's message."""
    with pytest.raises(TallyfyError, match=saying) as refusal:
        call()
    assert refusal.value.status_code == status
    assert refusal.value.response_data and refusal.value.response_data["message"]
    assert refusal.value.side_effect_possible is False


def every_page(read: Callable[[int], Any]) -> list[Any]:
    """All pages of a list, read by number until its meta says that it was the last."""
    first = read(1)
    pages = [first, *(read(page) for page in range(2, first.meta.total_pages + 1))]
    assert [page.meta.current_page for page in pages] == list(range(1, first.meta.total_pages + 1))
    assert {page.count for page in pages} == {first.meta.total}
    assert [page.meta.count for page in pages] == [len(page.data) for page in pages]
    return [row for page in pages for row in page.data]


def ids(models: list[Model]) -> list[str]:
    return [model.id for model in models]
