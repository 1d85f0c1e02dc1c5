"""Passwords, random secrets and signatures."""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import os
import secrets
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from hub_core.errors import InvalidInput

MIN_PASSWORD_LENGTH = 10
MAX_PASSWORD_LENGTH = 1024
TOKEN_PREFIX = "hp_"  # noqa: S105  # what makes leaked tokens easy to find by scanners

_hasher = PasswordHasher()
# Each hash takes 64 MiB. Threads of their own, and few: a flood of sign-ins must neither fill the memory nor hold up work on the disk.
_threads = ThreadPoolExecutor(2, thread_name_prefix="password")
# Compared against when a name does not exist, so that an answer takes as long as for one that does.
_DECOY = _hasher.hash(secrets.token_hex(16))


def new_secret() -> str:
    """256 random bits, safe in URLs."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """sha256 in hex, the form in which random secrets are kept."""
    return hashlib.sha256(secret.encode()).hexdigest()


def check_password(password: str) -> None:
    """Raise `InvalidInput` when a password is too weak to accept."""
    if len(password) < MIN_PASSWORD_LENGTH:
        raise InvalidInput(f"A password has at least {MIN_PASSWORD_LENGTH} characters.", hint="Nothing was changed.")
    if len(password) > MAX_PASSWORD_LENGTH:
        raise InvalidInput(f"A password has at most {MAX_PASSWORD_LENGTH} characters.", hint="Nothing was changed.")


async def hash_password(password: str) -> str:
    """Argon2id; takes tens of milliseconds of a thread."""
    check_password(password)
    return await asyncio.get_running_loop().run_in_executor(_threads, _hasher.hash, password)


async def verify_password(password_hash: str | None, password: str) -> bool:
    """Whether the password fits; with no hash it takes the same time and is False."""

    def verify() -> bool:
        try:
            return _hasher.verify(password_hash or _DECOY, password) and password_hash is not None
        except (VerificationError, InvalidHashError):
            return False

    return await asyncio.get_running_loop().run_in_executor(_threads, verify)


def load_secret_key(path: Path) -> str:
    """The key that signs cookies and transfer links: read from `path`, made there (mode 0600) the first time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileNotFoundError):
        if key := path.read_text().strip():
            return key
    # Others that start now wait. A file that is empty belonged to one that was killed before it could write.
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        key = file.read().strip()
        if not key:
            key = new_secret()
            file.write(key)
            file.flush()
            os.fsync(file.fileno())
    return key
