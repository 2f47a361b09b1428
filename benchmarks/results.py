"""docs/performance.md: one section for each part, replaced when the part is measured again."""

from collections.abc import Sequence

from benchmarks.machine import ROOT, commit, description, today

PAGE = ROOT / "docs" / "performance.md"


def write(part: str, rows: Sequence[Sequence[str]], *, note: str = "") -> None:
    """Replace the table of a part; the first row is its heading. What people wrote around it stays."""
    begin, end = f"<!-- {part}: written by make bench -->", f"<!-- end of {part} -->"
    page = PAGE.read_text(encoding="utf-8")
    before, found, rest = page.partition(begin)
    if not found:
        raise SystemExit(f"{PAGE} has no place for {part}: {begin} ... {end}")
    _, _, after = rest.partition(end)
    heading, *body = rows
    lines = [
        f"*{today()}, commit {commit()}; {description()}.{' ' + note if note else ''}*",
        "",
        f"| {' | '.join(heading)} |",
        f"|{'---|' * len(heading)}",
        *(f"| {' | '.join(row)} |" for row in body),
    ]
    PAGE.write_text("\n".join([f"{before}{begin}", *lines, f"{end}{after}"]), encoding="utf-8")
    print("\n".join(lines))


def ratio(value: float) -> str:
    """Three figures are more than a shared machine tells."""
    return f"{value:.3f}" if value < 1 else f"{value:.2f}" if value < 10 else f"{value:.0f}"


def verdict(value: float, *, at_least: float | None = None, at_most: float | None = None) -> str:
    if at_least is not None:
        return f"at least {at_least:g}: {'met' if value >= at_least else 'MISSED'}"
    if at_most is not None:
        return f"at most {at_most:g}: {'met' if value <= at_most else 'MISSED'}"
    return ""
