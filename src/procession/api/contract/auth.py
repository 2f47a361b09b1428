"""Signing in, passwords and personal tokens on the wire. Spec: api-people 1.6, 1.7."""

from typing import Annotated

import msgspec
from msgspec import Meta

from procession.api.params import PageParams


class Credentials(msgspec.Struct):
    email: str
    password: str


class Session(msgspec.Struct):
    access_token: str
    token_type: str
    expire: Annotated[str, Meta(description="When the token ends.")]
    expires_in: Annotated[int, Meta(description="Seconds until the token ends.")]


class PasswordBody(msgspec.Struct):
    """A new password; the confirmation is compared when it is sent."""

    current_password: str
    password: str
    password_confirmation: str | None = None


class ForgottenBody(msgspec.Struct):
    email: str


class ResetBody(msgspec.Struct):
    """A new password; the confirmation is compared when it is sent."""

    code: Annotated[str, Meta(description="As it was mailed.", max_length=200)]
    password: str
    password_confirmation: str | None = None


class Told(msgspec.Struct):
    message: str


class PersonalToken(msgspec.Struct):
    id: int
    name: str
    hint: Annotated[str, Meta(description="The first characters of the token.")]
    created_at: str
    expires_at: str | None
    last_used_at: Annotated[str | None, Meta(description="To the minute.")]


class CreatedToken(PersonalToken):
    token: Annotated[str, Meta(description="The token itself, readable this once.")]


class TokenBody(msgspec.Struct):
    """A new personal token; without `days` it lives as long as the server says."""

    name: str
    days: int | None = None


class TokenListParams(PageParams, frozen=True, kw_only=True):
    pass
