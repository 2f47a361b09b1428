"""Makes what tests need, through the API wherever the API can make it."""

import itertools
from typing import Any

import msgspec

from procession.domain.actors import Role
from procession.usecases.setup import add_person, create_organization, issue_token
from tests.harness import Api, Server

_numbers = itertools.count(1)


class Person(msgspec.Struct, frozen=True):
    """A member and their access to the API."""

    id: int
    email: str
    role: str
    api: Api


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

    def person(self, role: Role = "standard", *, first_name: str = "Mira", last_name: str = "Okoye") -> Person:
        """One more active member."""
        email = f"person{next(_numbers)}@fernwood.test"
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
                password_hash=None,
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

    def tag(self, title: str | None = None, color: str | None = None) -> dict[str, Any]:
        body = {"title": title or f"tag {next(_numbers)}", **({"color": color} if color else {})}
        return self.api.data("POST", "/tags", body)
