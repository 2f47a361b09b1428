"""The seed's six clients, each in its own language and library, against a live server."""

import re
from collections.abc import Callable
from typing import Any, cast
from urllib.parse import parse_qsl, urlsplit

import httpx

from .programs import Live, Program
from .toolchains import SOURCES, TOOLCHAINS

Json = Any  # decoded JSON: its types are what these tests check

# What each client asks for, in the order it sends it (Java's from its hash map, Go's sorted).
FIRST_PAGE = {
    "javascript": [("status", "active"), ("per_page", "5")],
    "python": [("status", "active"), ("per_page", "10"), ("page", "1")],
    "java": [("per_page", "5"), ("status", "active")],
    "go": [("per_page", "10"), ("status", "active"), ("with", "tags")],
    "cpp": [("status", "active"), ("per_page", "5"), ("with", "tags")],
    "csharp": [("status", "active"), ("per_page", "10"), ("with", "tags")],
}


def is_int(value: Json) -> bool:
    return type(value) is int  # a bool is an int to isinstance


def is_bool(value: Json) -> bool:
    return type(value) is bool


def is_text(value: Json) -> bool:
    return type(value) is str


def is_id(value: Json) -> bool:
    return is_text(value) and re.fullmatch(r"[0-9a-f]{32}", value) is not None


def is_instant(value: Json) -> bool:
    return is_text(value) and re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z", value) is not None


def is_map(value: Json) -> bool:
    return type(value) is dict


def is_progress(value: Json) -> bool:
    return (
        is_map(value)
        and value.keys() == {"complete", "total", "percent"}
        and is_int(value["complete"])
        and is_int(value["total"])
        and type(value["percent"]) in (int, float)
    )


def one_of(*words: str) -> Callable[[Json], bool]:
    return lambda value: value in words


def or_null(holds: Callable[[Json], bool]) -> Callable[[Json], bool]:
    return lambda value: value is None or holds(value)


def list_of(holds: Callable[[Json], bool]) -> Callable[[Json], bool]:
    return lambda value: type(value) is list and all(holds(item) for item in cast("list[Json]", value))


# The 30 keys of the seed's example run; nullable where api-processes 2 says so.
SEED_KEYS: dict[str, Callable[[Json], bool]] = {
    "id": is_id,
    "increment_id": is_int,
    "checklist_id": is_id,
    "checklist_title": is_text,
    "name": is_text,
    "summary": is_text,
    "status": one_of("active", "problem", "issue"),
    "progress": is_progress,
    "whole_progress": is_progress,
    "started_by": is_int,
    "owner_id": is_int,
    "prerun": is_map,
    "prerun_status": or_null(one_of("complete", "incomplete")),
    "starred": is_bool,
    "created_at": is_instant,
    "started_at": is_instant,
    "last_updated": is_instant,
    "archived_at": or_null(is_instant),
    "completed_at": or_null(is_instant),
    "due_date": or_null(is_instant),
    "due_date_passed": is_bool,
    "due_soon": is_bool,
    "late_tasks": is_int,
    "collaborators": list_of(is_int),
    "type": one_of("procedure", "form", "document"),
    "is_public": is_bool,
    "users": list_of(is_int),
    "groups": list_of(is_id),
    "parent_id": or_null(is_id),
    "can_add_oot": is_bool,
}


def processes(live: Live, **query: str) -> list[Json]:
    """Every matching process in one answer, straight from the server."""
    answer = httpx.get(
        f"{live.base}/api/organizations/{live.org_id}/runs",
        params={**query, "without_pagination": "true"},
        headers={
            "Authorization": f"Bearer {live.token}",
            "Accept": "application/json",
            "X-Tallyfy-Client": "APIClient",
        },
        trust_env=False,
    )
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def ids(runs: list[Json]) -> list[str]:
    return [run["id"] for run in runs]


def page_size(program: Program) -> int:
    return int(dict(FIRST_PAGE[program.toolchain.folder])["per_page"])


def test_the_list_is_the_first_page_with_an_exact_total(program: Program, live: Live) -> None:
    active = processes(live, status="active")
    assert len(active) >= 25

    listed = program.answer("list", live)

    assert listed["status"] == 200
    assert listed["total"] == len(active)
    assert listed["count"] == page_size(program)
    assert listed["names"] == [run["name"] for run in active[: page_size(program)]]
    assert listed["first"]["id"] == active[0]["id"]


def test_a_listed_process_has_every_key_of_the_seed_with_its_type(program: Program, live: Live) -> None:
    first = program.answer("list", live)["first"]

    wrong = {
        key: first.get(key, "absent") for key, holds in SEED_KEYS.items() if key not in first or not holds(first[key])
    }
    assert wrong == {}
    if ("with", "tags") in FIRST_PAGE[program.toolchain.folder]:
        assert type(first["tags"]["data"]) is list
    else:
        assert "tags" not in first


def test_the_next_link_is_absolute_and_keeps_the_query(program: Program, live: Live) -> None:
    link: str = program.answer("list", live)["next"]

    following = urlsplit(link)
    assert f"{following.scheme}://{following.netloc}" == live.base
    assert following.path == f"/api/organizations/{live.org_id}/runs"
    *kept, cursor, page = parse_qsl(following.query, strict_parsing=True)
    assert kept == [pair for pair in FIRST_PAGE[program.toolchain.folder] if pair[0] != "page"]
    assert cursor[0] == "cursor"
    assert page == ("page", "2")


def test_following_the_links_meets_every_process_once(program: Program, live: Live) -> None:
    active = processes(live, status="active")

    followed = program.answer("follow", live)

    assert followed["ids"] == ids(active)
    assert followed["pages"] == -(-len(active) // page_size(program))


def test_a_launched_process_is_found_by_its_name(program: Program, live: Live) -> None:
    name = f"Launched by {program.toolchain.language}"

    launched = program.answer("launch", live)

    assert launched["status"] == 201
    assert launched["name"] == name
    [found] = [run for run in processes(live, q=name) if run["id"] == launched["id"]]
    assert (found["name"], found["checklist_id"]) == (name, live.template_id)


def test_a_refused_launch_ends_the_program_with_the_reason(program: Program, live: Live) -> None:
    before = ids(processes(live))

    refused = program.attempt("launch", live, template_id="f" * 32)

    assert (refused.exit_code, refused.output) == (1, "")
    assert "422" in refused.errors
    assert "checklist_id" in refused.errors
    assert ids(processes(live)) == before


def test_a_wrong_token_is_answered_401_with_a_message(program: Program, live: Live) -> None:
    assert program.answer("error", live) == {"status": 401, "message": "Unauthenticated."}


def test_the_package_list_names_what_the_toolchains_need() -> None:
    needed = {package for toolchain in TOOLCHAINS for package in toolchain.packages}

    assert (SOURCES / "packages.txt").read_text().split() == sorted(needed)
