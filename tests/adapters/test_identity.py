"""Passwords. Spec: behaviour-people S1, S2."""

import pytest
from argon2 import PasswordHasher, Type

from procession.adapters import identity


def test_passwords_are_hashed_with_argon2id_and_real_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity, "_hasher", PasswordHasher.from_parameters(identity.STRENGTH))

    hashed = identity.hash_password("Correct-Horse-1")

    assert hashed.startswith("$argon2id$")
    assert identity.STRENGTH.type is Type.ID
    assert identity.STRENGTH.memory_cost >= 19 * 1024
    assert identity.is_password(hashed, "Correct-Horse-1")
    assert not identity.is_password(hashed, "correct-horse-1")


def test_the_same_password_never_hashes_the_same() -> None:
    assert identity.hash_password("Correct-Horse-1") != identity.hash_password("Correct-Horse-1")


@pytest.mark.parametrize("password_hash", [None, "", "plain text", "$argon2id$v=19$m=1$broken"])
def test_no_password_is_right_where_there_is_none(password_hash: str | None) -> None:
    assert not identity.is_password(password_hash, "")
    assert not identity.is_password(password_hash, "nobody's password")
