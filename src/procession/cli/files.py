"""Files that commands write."""

import os
from pathlib import Path


def write_privately(file: Path, content: bytes) -> None:
    """Write it as a whole or not at all, readable by this user only."""
    new = file.with_name(f"{file.name}.new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
        opened.write(content)
    new.replace(file)
