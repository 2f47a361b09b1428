"""One organization for tables of bodies that are all refused."""

from tests.builders import Organization
from tests.harness import Server

NOBODY, NOWHERE = 999_999_999, "0" * 32
HUGE = 10**30


class Ground:
    """A template with a process of it, and what bodies may wrongly name. Refusals leave it as it is."""

    def __init__(self, server: Server) -> None:
        self.org = org = Organization(server)
        self.other = Organization(server)
        steps = [{"title": "Call"}, {"title": "File", "allow_guest_owners": False}, {"title": "Sign"}]
        self.template = org.template(steps=steps, kickoff=[{"label": "Reason"}])
        self.step, self.no_guests, _ = (each["id"] for each in self.template["steps"])
        self.run = org.process(self.template)["id"]
        self.away = org.person()
        org.api.delete(f"/users/{self.away.id}/disable").raise_for_status()
        self.tag, self.folder = org.tag()["id"], org.folder(kind="run")["id"]
        self.template_folder = org.folder()["id"]
        foreign = self.other.template(steps=["Call"])
        self.their_step = foreign["steps"][0]["id"]
        self.their_process = self.other.process(foreign)["id"]
        self.their_group, self.their_tag = self.other.group()["id"], self.other.tag()["id"]
        self.their_folder = self.other.folder(kind="run")["id"]
