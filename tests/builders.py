"""Makes what tests need, through the API wherever the API can make it."""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import httpx
import msgspec

from procession.adapters.identity import hash_password
from procession.domain.actors import BOT, Role
from procession.storage import recount
from procession.storage.tx import reading
from procession.usecases.setup import add_person, create_organization, issue_token
from procession.usecases.viewers import rebuild_stale
from tests.harness import Api, Server

_numbers = itertools.count(1)


class Person(msgspec.Struct, frozen=True):
    """A member and their access to the API."""

    id: int
    email: str
    role: str
    api: Api


class GuestApi:
    """The API for whoever holds a guest's link; paths are relative to the guest's own."""

    def __init__(self, server: Server, organization_id: str, email: str, code: str) -> None:
        self.email = email
        self.code = code
        self._api = Api(server, None, organization_id)

    def get(self, path: str) -> httpx.Response:
        return self._api.get(f"/guests/{self.code}{path}")

    def put(self, path: str, body: Any = None) -> httpx.Response:
        return self._api.put(f"/guests/{self.code}{path}", body)

    def post(self, path: str, body: Any = None) -> httpx.Response:
        return self._api.post(f"/guests/{self.code}{path}", body)

    def delete(self, path: str) -> httpx.Response:
        return self._api.delete(f"/guests/{self.code}{path}")

    def send(self, method: str, path: str, **options: Any) -> httpx.Response:
        return self._api.request(method, f"/guests/{self.code}{path}", **options)


class Organization:
    """An organization of the test's own, with one administrator."""

    def __init__(self, server: Server, *, timezone: str = "UTC") -> None:
        self.server = server
        self.number, self.id = server.run(
            create_organization(server.database, name="Fernwood", timezone=timezone, now=server.clock())
        )
        self.admin = self.person("admin")

    @property
    def api(self) -> Api:
        """The API as the administrator."""
        return self.admin.api

    def person(
        self,
        role: Role = "standard",
        *,
        first_name: str = "Mira",
        last_name: str = "Okoye",
        password: str | None = None,
        email: str | None = None,
    ) -> Person:
        """One more active member, who can sign in when they have a password; a guest with that address becomes them."""
        email = email or f"person{next(_numbers)}@fernwood.test"
        server = self.server
        account = server.run(
            add_person(
                server.database,
                self.number,
                self.id,
                email=email,
                first_name=first_name,
                last_name=last_name,
                role=role,
                timezone="UTC",
                password_hash=hash_password(password) if password else None,
                now=server.clock(),
            )
        )
        return Person(account, email, role, Api(server, self.token(account), self.id))

    def token(self, account: int) -> str:
        work = issue_token(
            self.server.database, account=account, org=self.number, name="test", kind="personal", days=1,
            now=self.server.clock(),
        )  # fmt: skip
        return self.server.run(work)

    def join(self, person: Person, role: Role = "standard") -> Person:
        """Somebody of another organization as an active member of this one, too."""
        server = self.server
        server.run(
            add_person(
                server.database,
                self.number,
                self.id,
                email=person.email,
                first_name="",
                last_name="",
                role=role,
                timezone="UTC",
                password_hash=None,
                now=server.clock(),
            )
        )
        return Person(person.id, person.email, role, Api(server, person.api.token, self.id))

    def rebuild_stale(self) -> None:
        """Count afresh what members see, as a timer has it done."""
        server = self.server
        server.run(rebuild_stale(server.database, self.number, self.id, server.clock()))

    def differences(self) -> list[str]:
        """What a recount of everything in the organization finds wrong."""
        server = self.server

        async def check() -> list[str]:
            async with reading(server.database, self.number, self.id, BOT, server.clock()) as tx:
                return await recount.check(tx)

        return server.run(check())

    def guest(self, email: str | None = None, **record: Any) -> dict[str, Any]:
        """A guest as the administrator sees them."""
        body = {"email": email or f"guest{next(_numbers)}@partner.test", **record}
        return self.api.data("POST", "/guests", body)

    def group(
        self, name: str | None = None, *, members: Sequence[Person] = (), guests: Sequence[str] = ()
    ) -> dict[str, Any]:
        body = {"name": name or f"group {next(_numbers)}", "description": ""}
        people = {"members": [each.id for each in members], "guests": list(guests)}
        return self.api.data("POST", "/groups", {**body, **people})

    def folder(self, name: str | None = None, *, kind: str = "checklist", parent: str | None = None) -> dict[str, Any]:
        """A template folder, or a process folder when `kind` is "run"."""
        body = {"name": name or f"folder {next(_numbers)}", "folder_type": kind, "parent_id": parent}
        return self.api.data("POST", "/folders", body)

    def tag(self, title: str | None = None, color: str | None = None) -> dict[str, Any]:
        body = {"title": title or f"tag {next(_numbers)}", **({"color": color} if color else {})}
        return self.api.data("POST", "/tags", body)

    def template(
        self,
        title: str | None = None,
        *,
        steps: Iterable[str | Mapping[str, Any]] = (),
        kickoff: Iterable[Mapping[str, Any]] = (),
        **settings: Any,
    ) -> dict[str, Any]:
        """A procedure with these steps (titles, or bodies with their `captures`) and kick-off fields; with its steps."""
        body = {"title": title or f"template {next(_numbers)}", "type": "procedure", **settings}
        if kickoff:
            body["prerun"] = [text_field(**each) for each in kickoff]
        made = self.api.data("POST", "/checklists", body)
        for each in steps:
            sent: dict[str, Any] = {"title": each} if isinstance(each, str) else dict(each)
            captures = sent.pop("captures", ())
            step = self.api.data("POST", f"/checklists/{made['id']}/steps", sent)
            for field in captures:
                self.api.data("POST", f"/checklists/{made['id']}/steps/{step['id']}/captures", text_field(**field))
        whole = self.api.data("GET", f"/checklists/{made['id']}?with=steps")
        return {**whole, "steps": whole["steps"]["data"]}

    def allow(
        self,
        template: Mapping[str, Any],
        permission: str,
        *users: int,
        everyone: bool = False,
        groups: Iterable[str] = (),
    ) -> None:
        """Make one of the template's permission lists just this."""
        entry = {"permission": permission, "all": everyone, "users": users, "groups": list(groups)}
        self.api.request("PUT", f"/checklists/{template['id']}/permissions", json=[entry]).raise_for_status()

    def process(self, template: Mapping[str, Any], **body: Any) -> dict[str, Any]:
        """A process launched by the administrator."""
        return self.api.data("POST", "/runs", {"checklist_id": template["id"], **body})

    def one_off(self, *people: Person, **body: Any) -> dict[str, Any]:
        """A one-off task of the administrator's making, theirs when nobody else is named."""
        plain = {"title": f"task {next(_numbers)}", "task_type": "task", "deadline": "2031-02-06T16:00:00Z"}
        owners = {"users": [each.id for each in people or (self.admin,)]}
        return self.api.data("POST", "/tasks", {**plain, "owners": owners, **body})

    def guest_api(self, email: str) -> GuestApi:
        """The API as this guest's link opens it: paths begin with their code."""
        link: str = self.api.data("GET", f"/guests/{email}")["link"]
        return GuestApi(self.server, self.id, email, link.rpartition("/")[2])


def text_field(**definition: Any) -> dict[str, Any]:
    """A field definition; a short text that nobody must fill unless said otherwise."""
    return {"label": "Answer", "field_type": "text", "required": False, **definition}
