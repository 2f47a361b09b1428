"""Putting processes on hold, on the wire. Spec: behaviour-work 9.1."""

from typing import Annotated

import msgspec
from msgspec import Meta


class HoldBody(msgspec.Struct):
    reason: Annotated[str, Meta(max_length=1000, description="Why, for everybody who sees the process.")]
