"""A client program of one language, built once and run against a live server."""

import fcntl
import json
import os
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from .toolchains import Toolchain

# Go: standard library only, and never a download of a module or of another Go.
BUILD_SETTINGS = {"GOPROXY": "off", "GOTOOLCHAIN": "local", "GO111MODULE": "off"}
BUILD_SECONDS = 300
RUN_SECONDS = 60


class Live(Protocol):
    """A running server with an organization of at least 25 active processes; `base` has no path."""

    @property
    def base(self) -> str: ...
    @property
    def org_id(self) -> str: ...
    @property
    def token(self) -> str: ...
    @property
    def template_id(self) -> str: ...


@dataclass(frozen=True)
class Outcome:
    exit_code: int
    output: str
    errors: str


@dataclass(frozen=True)
class Program:
    toolchain: Toolchain
    command: list[str]

    def attempt(self, argument: str, live: Live, *, template_id: str | None = None) -> Outcome:
        """Run it to its end, whatever that is. No other environment reaches it: no proxy, no locale of the machine."""
        environment = {
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "TALLYFY_API_BASE": f"{live.base}/api",
            "TALLYFY_ORG_ID": live.org_id,
            "TALLYFY_ACCESS_TOKEN": live.token,
            "TALLYFY_TEMPLATE_ID": template_id or live.template_id,
        }
        ended = subprocess.run(
            [*self.command, argument],
            env=environment,
            capture_output=True,
            encoding="utf-8",
            timeout=RUN_SECONDS,
            check=False,
        )
        return Outcome(ended.returncode, ended.stdout, ended.stderr)

    def answer(self, argument: str, live: Live) -> dict[str, Any]:  # Any: JSON, as the program printed it
        """What it printed, which must be one line of JSON and nothing else."""
        outcome = self.attempt(argument, live)
        assert outcome.exit_code == 0, outcome.errors
        assert outcome.output.count("\n") == 1, outcome.output
        return json.loads(outcome.output)


def build(toolchain: Toolchain, folder: Path) -> Program:
    """Built once in `folder`, whichever test process comes first; the others wait for it."""
    out = folder / toolchain.folder
    with exclusively(folder / f"{toolchain.folder}.lock"):
        if toolchain.build and not out.exists():
            compile_into(out, toolchain)
    return Program(toolchain, toolchain.run_command(out))


def compile_into(out: Path, toolchain: Toolchain) -> None:
    unfinished = out.with_suffix(".unfinished")
    unfinished.mkdir(exist_ok=True)
    compiled = subprocess.run(
        toolchain.build_command(unfinished),
        env={**os.environ, **BUILD_SETTINGS},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=BUILD_SECONDS,
        check=False,
    )
    assert compiled.returncode == 0, f"the {toolchain.language} client does not build:\n{compiled.stdout}"
    unfinished.rename(out)


@contextmanager
def exclusively(lock: Path) -> Generator[None]:
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # released when the file closes
        yield
