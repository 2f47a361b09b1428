"""Does the model test notice, within the sequences of `make test`, each fault that is put into the engine on purpose?

`make mutations` (some minutes); words after it choose the faults by their names. The changed functions take the place
of the running ones, one fault after the other, in this process: no file is written. 1 when a fault is missed.
"""

import importlib
import inspect
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, FunctionType, ModuleType

import structlog
from hypothesis import Phase, settings

from tests.builders import Organization
from tests.harness import Server
from tests.mutations.faults import FAULTS, Fault
from tests.stateful.test_model import PARTS, test_a_process_becomes_what_the_specification_says


@contextmanager
def put_in(fault: Fault) -> Iterator[None]:
    """Raises ValueError when the source is not any more what the fault was made for."""
    module = importlib.import_module(fault.module)
    source = inspect.getsource(module)
    if source.count(fault.was) != 1:
        raise ValueError(f"{fault.name}: {fault.module} has {fault.was!r} {source.count(fault.was)} times")
    wrong = dict(_codes(compile(source.replace(fault.was, fault.becomes), fault.module, "exec", dont_inherit=True)))
    right = {function: function.__code__ for function in _functions(module)}
    if all(code == wrong[function.__qualname__] for function, code in right.items()):
        raise ValueError(f"{fault.name}: changes no function of {fault.module}")
    for function in right:
        function.__code__ = wrong[function.__qualname__]
    try:
        yield
    finally:
        for function, code in right.items():
            function.__code__ = code


def _codes(code: CodeType) -> Iterator[tuple[str, CodeType]]:
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield each.co_qualname, each


def _functions(module: ModuleType) -> list[FunctionType]:
    found = [each for each in vars(module).values() if isinstance(each, FunctionType)]
    return [each for each in found if each.__module__ == module.__name__ and each.__name__ != "<lambda>"]


def notices(server: Server) -> bool:
    for part in range(PARTS):
        try:
            test_a_process_becomes_what_the_specification_says(Organization(server), part, lambda _name, _value: None)
        except Exception:  # noqa: BLE001  # whatever goes wrong because of the fault is how it is noticed
            return True
        finally:
            server.clock.release()
    return False


def main(words: list[str]) -> int:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    # The first difference is enough: it need not become the shortest.
    settings.register_profile("mutations", phases=[Phase.generate], report_multiple_bugs=False, print_blob=False)
    settings.load_profile("mutations")
    chosen = [fault for fault in FAULTS if not words or any(word in fault.name for word in words)]
    missed: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        server = Server("", Path(folder))
        if notices(server):
            raise SystemExit("The model test fails without any fault.")
        for fault in chosen:
            with put_in(fault):
                is_noticed = notices(server)
            missed += [] if is_noticed else [fault.name]
            print(f"{'noticed' if is_noticed else 'MISSED '}  {fault.name}", flush=True)
        server.close()
    print(f"{len(chosen) - len(missed)} of {len(chosen)} faults noticed.")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
