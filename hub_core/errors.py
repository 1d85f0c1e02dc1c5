"""Every error a caller of the hub can meet.

    HubError
    ├── InvalidInput            the request cannot be understood or breaks a rule
    │   ├── InvalidName
    │   ├── InvalidPath
    │   ├── InvalidContent      bytes that are not what they claim to be (hash, size, format)
    │   └── AmbiguousName
    ├── NotAuthenticated        nobody is signed in, or the credential is wrong
    ├── PermissionDenied        somebody is, and may not
    │   └── ScopeMissing
    ├── NotFound                there is no such thing, or none that this caller may know of
    │   ├── RepositoryNotFound, UserNotFound, RevisionNotFound, EntryNotFound, ObjectNotFound ...
    ├── Conflict                the state of the hub does not allow it
    │   ├── AlreadyExists       RepositoryAlreadyExists, UserAlreadyExists, RefAlreadyExists
    │   └── StaleParent         somebody else was first
    ├── ConfirmationRequired    a human has to approve exactly this call
    ├── TooLarge                over a limit of size
    ├── TooManyRequests         over a limit of rate
    ├── Unsupported             the hub cannot do this with that
    ├── Unavailable             a part of the hub is not there now: StorageUnavailable, StorageFull, ModelUnavailable
    └── Internal                a defect of ours

A class is a category with a stable `code`; the message says what is wrong, what was left untouched and what to do next.
No class knows a status of any protocol: each surface has one mapping table, and a test walks this tree through every table.
"""

from __future__ import annotations

from typing import Any, ClassVar


class HubError(Exception):
    """Base of all errors.

    `message` is one or two sentences for a person. `hint` is the next step, where there is one. `details` are facts for programs; they
    never carry secrets, nor anything the caller may not read.
    """

    code: ClassVar[str] = "error"

    def __init__(self, message: str, *, hint: str | None = None, **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.details = details

    def __str__(self) -> str:
        return f"{self.message} {self.hint}" if self.hint else self.message


class InvalidInput(HubError):
    code = "invalid_input"


class InvalidName(InvalidInput):
    code = "invalid_name"


class InvalidPath(InvalidInput):
    code = "invalid_path"


class InvalidContent(InvalidInput):
    code = "invalid_content"


class AmbiguousName(InvalidInput):
    code = "ambiguous_name"


class NotAuthenticated(HubError):
    code = "not_authenticated"


class PermissionDenied(HubError):
    code = "permission_denied"


class ScopeMissing(PermissionDenied):
    code = "scope_missing"


class NotFound(HubError):
    code = "not_found"


class RepositoryNotFound(NotFound):
    code = "repository_not_found"


class UserNotFound(NotFound):
    code = "user_not_found"


class AccessTokenNotFound(NotFound):
    code = "access_token_not_found"


class RevisionNotFound(NotFound):
    code = "revision_not_found"


class EntryNotFound(NotFound):
    code = "entry_not_found"


class ObjectNotFound(NotFound):
    code = "object_not_found"


class JobNotFound(NotFound):
    code = "job_not_found"


class ApprovalNotFound(NotFound):
    code = "approval_not_found"


class UploadNotFound(NotFound):
    code = "upload_not_found"


class Conflict(HubError):
    code = "conflict"


class AlreadyExists(Conflict):
    code = "already_exists"


class RepositoryAlreadyExists(AlreadyExists):
    code = "repository_already_exists"


class UserAlreadyExists(AlreadyExists):
    code = "user_already_exists"


class RefAlreadyExists(AlreadyExists):
    code = "ref_already_exists"


class StaleParent(Conflict):
    code = "stale_parent"


class ConfirmationRequired(HubError):
    """The call is COSTLY or DESTRUCTIVE and comes from an agent: a human has to approve exactly this call.

    `details` carry `approval_id`, `digest` (sha256 of operation and arguments) and `preview` (what will happen, what will be lost).
    """

    code = "confirmation_required"


class TooLarge(HubError):
    code = "too_large"


class TooManyRequests(HubError):
    """`details["retry_after"]` is the number of seconds to wait."""

    code = "too_many_requests"


class Unsupported(HubError):
    code = "unsupported"


class Unavailable(HubError):
    code = "unavailable"


class StorageUnavailable(Unavailable):
    code = "storage_unavailable"


class StorageFull(Unavailable):
    code = "storage_full"


class ModelUnavailable(Unavailable):
    code = "model_unavailable"


class Internal(HubError):
    code = "internal"
