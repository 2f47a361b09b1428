"""Somebody at a keyboard with an HTTP client, as the manual shows it: a URL, a token, JSON."""

from typing import Any

import httpx

from tests.builders import Organization, Person
from tests.contract import check_response

Json = Any  # decoded JSON


class Caller:
    """An HTTP client and a token; paths begin at the organization, or at the root after `//`."""

    def __init__(self, base: str, organization_id: str = "", token: str | None = None) -> None:
        self.base = base
        self.organization_id = organization_id
        headers = {"Accept": "application/json", "X-Tallyfy-Client": "APIClient"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        self.http = httpx.Client(base_url=base, headers=headers, trust_env=False, timeout=60)

    def request(self, method: str, path: str, body: Json = None, **options: Any) -> httpx.Response:
        """Every answer is held against the API document, too."""
        url = path[1:] if path.startswith("//") else f"/organizations/{self.organization_id}{path}"
        response = self.http.request(method, url, **({} if body is None else {"json": body}), **options)
        check_response(method, response)
        return response

    def get(self, path: str, *, expect: int = 200, **options: Any) -> Json:
        return self._answer("GET", path, None, expect, **options)

    def post(self, path: str, body: Json = None, *, expect: int = 201) -> Json:
        return self._answer("POST", path, body, expect)

    def put(self, path: str, body: Json = None, *, expect: int = 200) -> Json:
        return self._answer("PUT", path, body, expect)

    def delete(self, path: str, *, expect: int = 200) -> Json:
        return self._answer("DELETE", path, None, expect)

    def refusal(self, method: str, path: str, body: Json = None) -> tuple[int, str]:
        """Status and sentence of a refusal."""
        response = self.request(method, path, body)
        assert response.status_code >= 400, response.text
        return response.status_code, response.json()["message"]

    def _answer(self, method: str, path: str, body: Json, expect: int, **options: Any) -> Json:
        """The whole answer of a list, else its `data`; a refusal as it is."""
        response = self.request(method, path, body, **options)
        assert response.status_code == expect, f"{method} {path}: {response.status_code} {response.text}"
        if not response.content:
            return None
        read = response.json()
        return read if expect >= 400 or isinstance(read["data"], list) else read["data"]

    def close(self) -> None:
        self.http.close()


class Town:
    """An organization on a live server and the callers in it."""

    def __init__(self, base: str, organization: Organization) -> None:
        self.base = base
        self.organization = organization
        self.callers: list[Caller] = []
        self.admin = self.caller(organization.admin)

    def caller(self, person: Person) -> Caller:
        """A member's own client; `person.id` is theirs."""
        return self._with(self.organization.token(person.id))

    def stranger(self) -> Caller:
        """Somebody without a token: what a guest is."""
        return self._with(None)

    def _with(self, token: str | None) -> Caller:
        self.callers.append(Caller(self.base, self.organization.id, token))
        return self.callers[-1]

    def close(self) -> None:
        for caller in self.callers:
            caller.close()
