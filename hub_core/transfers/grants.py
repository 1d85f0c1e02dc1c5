"""Signed permissions to transfer one object: they let a link be used without the credentials that asked for it."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass
from enum import StrEnum

from itsdangerous import BadData, URLSafeTimedSerializer

from hub_core.errors import PermissionDenied

GRANT_SECONDS = 3600


class TransferOperation(StrEnum):
    """What a grant allows; sending an object includes asking afterwards whether it arrived."""

    UPLOAD = "upload"
    DOWNLOAD = "download"


@dataclass(frozen=True, slots=True)
class Grant:
    """Lets whoever holds it do `operation` with one object of one repository, as the user it was made for (None: anybody).

    It ends with the credential it was asked for with: the row `credential_id` of an access token or a web session, where there is one.
    """

    operation: TransferOperation
    repository_id: uuid.UUID
    oid: str
    size: int
    user_id: uuid.UUID | None
    credential_id: uuid.UUID | None = None


class GrantSigner:
    """Makes and checks grants; `secret_key` is the hub's."""

    def __init__(self, secret_key: str) -> None:
        self._serializer = URLSafeTimedSerializer(secret_key, salt="transfer-grant", signer_kwargs={"digest_method": hashlib.sha256})

    def sign(self, grant: Grant) -> str:
        """The grant as text that is safe in a URL; it is worth `GRANT_SECONDS`."""
        user, credential = (found.hex if found else None for found in (grant.user_id, grant.credential_id))
        text: str | bytes = self._serializer.dumps([grant.operation, grant.repository_id.hex, grant.oid, grant.size, user, credential])
        return text if isinstance(text, str) else text.decode()

    def read(self, text: str) -> Grant:
        """The grant that `text` is; raises `PermissionDenied` when it is forged or too old."""
        try:
            operation, repository, oid, size, *ids = self._serializer.loads(text, max_age=GRANT_SECONDS)
            user, credential = (uuid.UUID(hex=found) if found else None for found in ids)
        except (BadData, ValueError):  # ValueError: signed by another version of the hub
            raise PermissionDenied("This transfer link is not valid any more.", hint="Ask for a new one.") from None
        return Grant(TransferOperation(operation), uuid.UUID(hex=repository), oid, size, user, credential)
