"""How each client program is built and run, and which Debian packages that takes.

Run as a script it prints the packages of the toolchains this machine lacks, one per line, for `make setup-system`.
Only the standard library is imported, so that it runs before the environment exists.
"""

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

SOURCES = Path(__file__).parent
MONO = "/usr/lib/mono/4.5"


@dataclass(frozen=True)
class Toolchain:
    """One language. In `build` and `run`, `{source}` is its folder of sources and `{out}` that of built files."""

    language: str
    folder: str
    run: tuple[str, ...]
    build: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()  # programs looked up in PATH, or files by absolute path
    packages: tuple[str, ...] = ()

    def missing(self) -> list[str]:
        return [need for need in self.needs if not (Path(need).is_file() if need[0] == "/" else shutil.which(need))]

    def build_command(self, out: Path) -> list[str]:
        return self._filled(self.build, out)

    def run_command(self, out: Path) -> list[str]:
        return self._filled(self.run, out)

    def _filled(self, command: tuple[str, ...], out: Path) -> list[str]:
        return [part.format(source=SOURCES / self.folder, out=out) for part in command]


TOOLCHAINS = (
    Toolchain(
        "JavaScript", "javascript", run=("node", "{source}/processes.mjs"), needs=("node",), packages=("nodejs",)
    ),
    Toolchain("Python", "python", run=(sys.executable, "{source}/processes.py")),
    Toolchain(
        "Java",
        "java",
        build=("javac", "-d", "{out}", "{source}/Json.java", "{source}/Processes.java"),
        run=("java", "-cp", "{out}", "Processes"),
        needs=("javac", "java"),
        packages=("default-jdk-headless",),
    ),
    Toolchain(
        "Go",
        "go",
        build=("go", "build", "-o", "{out}/processes", "{source}/processes.go"),
        run=("{out}/processes",),
        needs=("go",),
        packages=("golang-go",),
    ),
    Toolchain(
        "C++",
        "cpp",
        build=(
            *("g++", "-std=c++17", "-Wall", "-Wextra", "-pthread", "-o", "{out}/processes", "{source}/processes.cpp"),
            *("-lcpprest", "-lssl", "-lcrypto"),
        ),
        run=("{out}/processes",),
        needs=("g++", "/usr/include/cpprest/http_client.h"),
        packages=("g++", "libcpprest-dev"),
    ),
    Toolchain(
        "C#",
        "csharp",
        build=(
            *("mcs", "-out:{out}/Processes.exe", "-r:System.Net.Http", "-r:System.Web", "-r:System.Web.Extensions"),
            "{source}/Processes.cs",
        ),
        run=("mono", "{out}/Processes.exe"),
        needs=(
            *("mcs", "mono", f"{MONO}/System.Net.Http.dll"),
            *(f"{MONO}/System.Web.dll", f"{MONO}/System.Web.Extensions.dll"),
        ),
        packages=(
            *("mono-mcs", "mono-runtime", "libmono-system-net-http4.0-cil"),
            *("libmono-system-web4.0-cil", "libmono-system-web-extensions4.0-cil"),
        ),
    ),
)


if __name__ == "__main__":
    for toolchain in TOOLCHAINS:
        if toolchain.missing():
            print("\n".join(toolchain.packages))
