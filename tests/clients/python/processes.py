"""The process list and launch, as a Python program calls them: the requests library."""

import json
import os
import sys
from typing import Any

import requests

API_BASE = os.environ["TALLYFY_API_BASE"]
ORG_ID = os.environ["TALLYFY_ORG_ID"]
ACCESS_TOKEN = os.environ["TALLYFY_ACCESS_TOKEN"]
TEMPLATE_ID = os.environ["TALLYFY_TEMPLATE_ID"]

RUNS_URL = f"{API_BASE}/organizations/{ORG_ID}/runs"
FIRST_PAGE: dict[str, str | int] = {"status": "active", "per_page": 10, "page": 1}

Json = dict[str, Any]  # Any: whatever the server sent, checked by the reader of the output


def headers(token: str = ACCESS_TOKEN) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", "Accept": "application/json", "X-Tallyfy-Client": "APIClient"}


def list_processes() -> Json:
    response = requests.get(RUNS_URL, headers=headers(), params=FIRST_PAGE)
    response.raise_for_status()
    answer = response.json()
    pagination, runs = answer["meta"]["pagination"], answer["data"]
    return {
        "status": response.status_code,
        "total": pagination["total"],
        "count": pagination["count"],
        "next": pagination["links"].get("next"),
        "names": [run["name"] for run in runs],
        "first": runs[0] if runs else None,
    }


def follow_links() -> Json:
    ids: list[str] = []
    pages = 0
    response = requests.get(RUNS_URL, headers=headers(), params=FIRST_PAGE)
    while True:
        response.raise_for_status()
        answer = response.json()
        ids += [run["id"] for run in answer["data"]]
        pages += 1
        following = answer["meta"]["pagination"]["links"].get("next")
        if not following:
            return {"pages": pages, "ids": ids}
        response = requests.get(following, headers=headers())


def launch_process() -> Json:
    body = {"checklist_id": TEMPLATE_ID, "name": "Launched by Python"}
    response = requests.post(RUNS_URL, headers=headers(), json=body)
    response.raise_for_status()
    run = response.json()["data"]
    return {"status": response.status_code, "id": run["id"], "name": run["name"]}


def meet_an_error() -> Json:
    response = requests.get(RUNS_URL, headers=headers("wrong-token"), params=FIRST_PAGE)
    try:
        response.raise_for_status()
    except requests.exceptions.HTTPError:
        return {"status": response.status_code, "message": response.json()["message"]}
    sys.exit("a wrong token was accepted")


COMMANDS = {"list": list_processes, "follow": follow_links, "launch": launch_process, "error": meet_an_error}


def main() -> None:
    if len(sys.argv) != 2 or sys.argv[1] not in COMMANDS:
        print(f"usage: processes.py {'|'.join(COMMANDS)}", file=sys.stderr)
        sys.exit(2)
    try:
        print(json.dumps(COMMANDS[sys.argv[1]]()))
    except requests.exceptions.HTTPError as refusal:
        sys.exit(f"HTTP error: {refusal}\nResponse: {'' if refusal.response is None else refusal.response.text}")
    except requests.exceptions.RequestException as failure:
        sys.exit(f"Request failed: {failure}")


if __name__ == "__main__":
    main()
