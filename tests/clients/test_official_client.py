"""The official Python client (`tallyfy` on PyPI) against a live server, under both path prefixes.

What it can do is tried in test_official_processes.py, test_official_tasks.py, test_official_templates.py,
test_official_people.py, test_official_content.py, test_official_rules.py, test_official_search.py and
test_official_files.py; here, that nothing was forgotten, and what holds for every call.

OAuth is not in this client.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tallyfy import TallyfyError, TallyfySDK

from tests.live import serving

from .official import Office, Official, assert_refused

# These send nothing, or only pass their arguments on.
WITHOUT_A_REQUEST = {
    "get_invitation_template_message",
    "validate_invitation_data",
    "invite_user_with_custom_role_permissions",
    # Forgets the thread that is to be resolved, so it cannot work; the one of `threads` is tried.
    "resolve_task_issues",
}
MANAGERS = (
    "users",
    "tasks",
    "templates",
    "form_fields",
    "organizations",
    "threads",
    "groups",
    "tags",
    "folders",
    "searches",
    "files",
)


def public_methods(thing: object) -> set[str]:
    return {name for name in dir(thing) if not name.startswith("_") and callable(getattr(thing, name))}


@pytest.fixture
def sdk() -> Iterator[Official]:
    """The client without a server."""
    sdk = Official("a token", "http://127.0.0.1:1")
    yield sdk
    sdk.session.close()


def test_every_method_of_the_client_is_tried(sdk: Official) -> None:
    offered = public_methods(sdk).union(*(public_methods(getattr(sdk, name)) for name in MANAGERS))
    sources = "".join(path.read_text() for path in Path(__file__).parent.glob("test_official_*.py"))
    tried = set(re.findall(r"\.(\w+)\(", sources))

    assert offered - tried - WITHOUT_A_REQUEST == set()


def test_the_client_says_who_it_is(office: Office) -> None:
    assert isinstance(office.sdk, TallyfySDK)
    assert office.sdk.default_headers["X-Tallyfy-Client"] == "TallyfySDK"
    assert office.sdk.get_organization(office.id).id == office.id


def test_both_prefixes_answer_alike(office: Office) -> None:
    run = office.organization.process(office.organization.template(steps=["One"]))

    assert office.sdk.get_process(office.id, run["id"]).extra.keys() | {"id", "name"} <= run.keys()
    page = office.sdk.get_organization_runs(office.id, per_page=1)
    assert (page.meta.total, page.meta.links) == (1, None)
    office.organization.process(office.organization.template(steps=["One"]))
    link = office.sdk.get_organization_runs(office.id, per_page=1).meta.links.next
    assert link.startswith(f"{office.base_url}/organizations/{office.id}/runs?per_page=1&")
    assert link.endswith("&page=2")


def test_a_space_in_a_search_is_one_space(office: Office) -> None:
    made = office.sdk.create_group(office.id, "Night shift + cover")

    assert [group.id for group in office.sdk.get_groups(office.id, q="night shift + c")] == [made.id]


@pytest.mark.parametrize(
    ("token", "status"),
    [pytest.param("", 401, id="no token"), pytest.param("x" * 40, 401, id="unknown token")],
)
def test_a_wrong_token_is_refused_on_reads_and_writes(office: Office, token: str, status: int) -> None:
    with office.client(token) as sdk:
        assert_refused(status, lambda: sdk.get_organization_runs(office.id), saying="Unauthenticated")
        assert_refused(status, lambda: sdk.create_tag(office.id, "EMEA"), saying="Unauthenticated")
        assert_refused(status, sdk.organizations.get_current_user_organizations)
    assert office.sdk.get_tags(office.id) == []


def test_another_organization_is_refused_before_anything_is_looked_up(office: Office) -> None:
    for other in ("0" * 32, "f" * 32):
        assert_refused(403, lambda other=other: office.sdk.get_organization_runs(other))
        assert_refused(403, lambda other=other: office.sdk.get_process(other, "f" * 32))


def test_a_strict_server_knows_the_client_and_says_when_it_asks_too_often(tmp_path: Path) -> None:
    with serving(tmp_path, requests_per_minute=60, require_client_header=True) as live:
        live.server.clock.freeze()
        sdk = Official(live.token, live.base)
        for _ in range(60):
            assert sdk.get_organization(live.org_id).id == live.org_id

        with pytest.raises(TallyfyError, match="429") as refusal:
            sdk.create_tag(live.org_id, "Once too often")

        sdk.session.close()
        assert refusal.value.status_code == 429
        assert refusal.value.response_data and refusal.value.response_data["code"] == "RATE_LIMIT_EXCEEDED"
        assert refusal.value.side_effect_possible is False
