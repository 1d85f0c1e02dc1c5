"""The JSON of the Git LFS batch API.

Format: git-lfs `docs/api/batch.md`. The spelling of every field is the protocol's.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field, StrictInt

MAX_BATCH_OBJECTS = 1000
HASH_ALGORITHM: Literal["sha256"] = "sha256"


class TransferObject(BaseModel):
    """One object a client asks about. Wrong values are answered per object, so nothing but the types is checked here."""

    oid: Annotated[str, Field(max_length=256)]
    size: StrictInt


class BatchRequest(BaseModel):
    """What a client wants to send or fetch.

    `ref` is not read: rights do not depend on the branch, and clients send it as null, as `{}` or not at all. Of `transfers` every name is
    allowed: the answer is always `basic`, which every client knows.
    """

    operation: Literal["upload", "download"]
    objects: list[TransferObject]
    transfers: list[str] | None = None
    hash_algo: str = HASH_ALGORITHM


class TransferAction(BaseModel):
    """A request the client may make within `expires_in` seconds. The link carries its own authorisation."""

    href: str
    header: dict[str, str] = {}
    expires_in: int


class TransferError(BaseModel):
    """Why one object cannot be transferred; `code` has the meaning of an HTTP status."""

    code: int
    message: str


class TransferAnswer(BaseModel):
    """What to do about one object: the actions, an error, or nothing because the hub has it already."""

    oid: str
    size: int
    authenticated: bool | None = None
    actions: dict[Literal["upload", "verify", "download"], TransferAction] | None = None
    error: TransferError | None = None


class BatchResponse(BaseModel):
    """Answers in the order of the request. Absent fields are left out, not null: clients stumble over null."""

    transfer: Literal["basic"] = "basic"
    objects: list[TransferAnswer]
    hash_algo: Literal["sha256"] = HASH_ALGORITHM
