"""`python -m benchmarks PART ...`: measure these parts, or all of them. Settings: SIZES and DATABASES, comma lists."""

import sys
from contextlib import ExitStack

from benchmarks import machine, postgres
from benchmarks.machine import setting
from benchmarks.parts import customary, endurance, engine, flames, lists, writes
from benchmarks.sets import SIZES, data_set

PARTS = {
    "floor": lists.floor,
    "growth": lists.growth,
    "depth": lists.depth,
    "answers": lists.answers,
    "customary": customary.customary,
    "writes": writes.writes,
    "beside": writes.beside,
    "stream": endurance.stream,
    "workers": endurance.workers,
    "memory": endurance.memory,
    "flames": flames.flames,
    "engine": engine.engine,
}


def main(words: list[str]) -> None:
    machine.require_tools()
    sizes = (setting("SIZES") or ",".join(SIZES)).split(",")
    databases = (setting("DATABASES") or "sqlite,postgresql").split(",")
    if "data" in words:
        # Loading may use both cores.
        with ExitStack() as stack:
            server = stack.enter_context(postgres.cluster(pinned=False)) if "postgresql" in databases else None
            for database in databases:
                for size in sizes:
                    with data_set(database, size, server if database == "postgresql" else None):
                        print(f"{database} {size}: there")
        return
    unknown = set(words) - PARTS.keys()
    if unknown:
        raise SystemExit(f"make bench: there is no part {', '.join(sorted(unknown))}. There are: {', '.join(PARTS)}.")
    with ExitStack() as stack:
        server = stack.enter_context(postgres.cluster()) if "postgresql" in databases else None
        for part in words or PARTS:
            print(f"{part}:")
            PARTS[part](databases, sizes, lambda database: server if database == "postgresql" else None)


if __name__ == "__main__":
    main(sys.argv[1:])
