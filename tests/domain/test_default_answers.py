"""What fields begin with. Spec: behaviour-launching 4.8, T-11.22."""

from datetime import date
from typing import Any

import pytest

from procession.domain.answers import (
    submit,
    with_defaults,
)
from procession.domain.errors import Invalid
from procession.domain.fields import Field, FieldType
from procession.domain.names import Variable
from procession.domain.quoting import Quoted
from tests.domain.answering import (
    ORG,
    PEOPLE,
    SOIL,
    TODAY,
    field,
)


@pytest.mark.parametrize(
    ("default", "filled"), [("{{days-1}}.5", 2.5), ("{{days-1}} days", None), ("9{{days-1}}", None)]
)
def test_t_11_55_a_default_with_variables_is_a_number_or_nothing(default: str, filled: object) -> None:
    asked = field("number", maximum=50, default_value_enabled=True, default_value=default)
    variables = {"days-1": Variable(("2",))}
    found = with_defaults([asked], {}, today=date(2026, 3, 5), zone="UTC", quoted=Quoted([], {}, system=variables))
    assert found.get("answer") == filled


def with_default(field_type: FieldType, default: object, **keys: Any) -> Field:
    return field(field_type, default_value_enabled=True, default_value=default, **keys)


@pytest.mark.parametrize(
    ("asked", "filled"),
    [
        pytest.param(with_default("text", "x"), "x", id="L-4.8 text"),
        pytest.param(with_default("text", 0), 0, id="L-4.8 a number"),
        pytest.param(with_default("text", "{{TEMPLATE_NAME}} {{gone}}"), "A&B {{gone}}", id="T-11.22 variables"),
        pytest.param(with_default("text", "{{long}}"), "y" * 200, id="T-11.22 cut to what fits"),
        pytest.param(with_default("textarea", "<p>{{TEMPLATE_NAME}}</p>"), "<p>A&amp;B</p>", id="T-12.14 escaped"),
        pytest.param(with_default("date", "2026-01-01T00:00:00.000Z"), "2026-01-01T00:00:00.000Z", id="T-11.22 fixed"),
        pytest.param(with_default("date", "today"), "2026-03-05T00:00:00.000Z", id="T-11.22 today"),
        pytest.param(with_default("date", "Today + 30 days"), "2026-04-04T00:00:00.000Z", id="T-11.22 today + n"),
        pytest.param(with_default("date", "{{start}}"), "2026-02-01T00:00:00.000Z", id="T-11.22 an earlier date"),
        pytest.param(with_default("date", "{{gone}}"), None, id="T-11.22 an unknown date"),
        pytest.param(with_default("radio", "{{long}}"), "{{long}}", id="choices hold no variables"),
        pytest.param(with_default("dropdown", SOIL), SOIL, id="L-4.8 dropdown"),
        pytest.param(field("text", default_value="x"), None, id="switched off"),
    ],
)
def test_defaults_fill_what_is_not_answered(asked: Field, filled: object) -> None:
    variables = {
        "TEMPLATE_NAME": Variable(("A&B",)),
        "long": Variable(("y" * 300,)),
        "start": Variable(("2026-02-01",)),
    }
    expected = {} if filled is None else {"answer": filled}
    quoted = Quoted([], {}, system=variables)
    assert with_defaults([asked], {}, today=TODAY, zone="UTC", quoted=quoted) == expected
    assert with_defaults([asked], {"answer": "own"}, today=TODAY, zone="UTC") == {"answer": "own"}
    assert with_defaults([asked], {}, today=TODAY, zone="UTC", except_for={"answer"}) == {}


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        pytest.param({}, {"answer": "x"}, id="L-4.8 a missing key takes the default"),
        pytest.param({"answer": ""}, None, id="an explicit blank does not, and is missing"),
        pytest.param({"answer": "own"}, {"answer": "own"}, id="an answer wins"),
    ],
)
def test_a_default_satisfies_a_required_field(sent: object, stored: dict[str, object] | None) -> None:
    form = [with_default("text", "x", required=True)]
    if stored is None:
        with pytest.raises(Invalid):
            submit(form, sent, key="prerun", people=PEOPLE, org_id=ORG, today=TODAY)
    else:
        assert submit(form, sent, key="prerun", people=PEOPLE, org_id=ORG, today=TODAY).values == stored


def test_a_default_may_hold_variables_of_the_launch() -> None:
    form, variables = [with_default("text", "{{DATE}}")], {"DATE": Variable(("2026-03-05",))}
    accepted = submit(
        form, None, key="prerun", people=PEOPLE, org_id=ORG, today=TODAY, quoted=Quoted([], {}, system=variables)
    )
    assert accepted.values == {"answer": "2026-03-05"}
