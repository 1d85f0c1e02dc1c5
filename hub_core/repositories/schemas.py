"""Inputs and outputs of repositories, their refs, contents and commits."""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, Field, model_validator

from hub_core.git.port import EntryKind
from hub_core.names import RepositoryType
from hub_core.paging import MAX_PAGE, Cursor, Limit

RepositoryName = Annotated[
    str,
    Field(
        min_length=1, max_length=300, examples=["alice/iris"],
        description="the repository: name, namespace/name, or with its type in front (datasets/alice/iris)",
    ),
]
Revision = Annotated[
    str | None, Field(max_length=300, description="branch, tag or commit hash; empty for the default branch", examples=["main"])
]
Message = Annotated[str | None, Field(max_length=10_000, description="what the commit says about the change")]


class Visibility(StrEnum):
    """Who may read a repository."""

    PRIVATE = "private"
    PUBLIC = "public"


class RepositorySort(StrEnum):
    """Order of a listing: `updated`, `created` and `size` show the latest or largest first, `name` goes from a to z."""

    UPDATED = "updated"
    CREATED = "created"
    NAME = "name"
    SIZE = "size"


class CreateRepository(BaseModel):
    """A new repository. It is empty unless a license is given, which starts its card."""

    type: RepositoryType = Field(description="what it will hold: model, dataset, space or code")
    name: str = Field(description="its name, or namespace/name", examples=["iris"], max_length=200)
    visibility: Visibility | None = Field(None, description="private or public; empty for the hub's default")
    description: str = Field("", max_length=2000, description="one or two sentences about it")
    license: str | None = Field(None, max_length=96, description="license identifier as on Hugging Face", examples=["apache-2.0"])


class GetRepository(BaseModel):
    """The repository to tell about."""

    repository: RepositoryName


class ListRepositories(BaseModel):
    """Which repositories to list."""

    type: RepositoryType | None = Field(None, description="only models, datasets, spaces or code")
    owner: str | None = Field(None, max_length=96, description="only of this user; `me` for the caller's own", examples=["me"])
    search: str | None = Field(None, max_length=200, description="words in the name or description")
    tag: str | None = Field(None, max_length=128, description="a tag, task or language its card declares")
    license: str | None = Field(None, max_length=96, description="only with this license", examples=["mit"])
    visibility: Visibility | None = Field(None, description="only private or only public ones")
    sort: RepositorySort = Field(RepositorySort.UPDATED, description="order")
    limit: Limit = 20
    cursor: Cursor = None


class UpdateRepository(BaseModel):
    """What to change about a repository; what is left out stays."""

    repository: RepositoryName
    visibility: Visibility | None = Field(None, description="who may read it from now on")
    description: str | None = Field(None, max_length=2000, description="the new description")

    @model_validator(mode="after")
    def _something(self) -> UpdateRepository:
        if self.visibility is None and self.description is None:
            raise ValueError("say what to change: visibility or description")
        return self


class DeleteRepository(BaseModel):
    """The repository to delete for good."""

    repository: RepositoryName


class RepositoryInfo(BaseModel):
    """A repository. Paths are relative to the hub's address; `size` is bytes of git history and large files together."""

    id: uuid.UUID
    type: RepositoryType
    namespace: str
    name: str
    full_name: str = Field(description="namespace/name")
    path: str = Field(description="its path on the hub: type prefix, namespace, name", examples=["datasets/alice/iris"])
    clone_path: str = Field(examples=["/datasets/alice/iris.git"])
    visibility: Visibility
    description: str
    default_branch: str
    license: str | None
    tags: list[str]
    languages: list[str]
    tasks: list[str]
    card_error: str | None = Field(description="why the card's front matter could not be read; None when it could")
    size: int
    file_count: int
    commit_hash: str | None = Field(description="head of the default branch; None while the repository is empty")
    created_at: datetime
    updated_at: datetime


class RepositoryDeleted(BaseModel):
    """What is gone."""

    repository: str
    size: int
    commit_count: int


class ListRefs(BaseModel):
    """The repository whose branches or tags to list."""

    repository: RepositoryName


class CreateRef(BaseModel):
    """A new branch."""

    repository: RepositoryName
    name: str = Field(min_length=1, max_length=200, description="name of the branch", examples=["experiment"])
    revision: Revision = None


class CreateTag(BaseModel):
    """A new tag. With a message the tag keeps who made it and when."""

    repository: RepositoryName
    name: str = Field(min_length=1, max_length=200, description="name of the tag", examples=["v1"])
    revision: Revision = None
    message: str | None = Field(None, max_length=10_000, description="note kept with the tag")


class DeleteRef(BaseModel):
    """The branch or tag to delete. Commits that only it reached can be lost."""

    repository: RepositoryName
    name: str = Field(min_length=1, max_length=200, description="its name", examples=["v1"])


class RefInfo(BaseModel):
    """A branch or tag and the commit it points to."""

    repository: str
    name: str
    commit_hash: str
    message: str | None = None


class ListFiles(BaseModel):
    """A folder to look into."""

    repository: RepositoryName
    path: str = Field("", max_length=4096, description="the folder; empty for the top", examples=["data"])
    revision: Revision = None
    recursive: bool = Field(False, description="whether to list what is inside its folders, too")
    limit: int = Field(MAX_PAGE, ge=1, le=1000, description="how many entries a page has at most")
    cursor: Cursor = None


class FileEntry(BaseModel):
    """A file or folder. `size` is bytes of the content; `lfs` tells that it is a large file kept beside git, `oid` then is its sha256."""

    path: str
    kind: EntryKind
    oid: str
    size: int | None
    lfs: bool = False


class FileListing(BaseModel):
    """Entries of a folder at one commit."""

    repository: str
    revision: str
    commit_hash: str | None
    path: str
    items: list[FileEntry]
    next_cursor: str | None = None


class ReadFile(BaseModel):
    """A text file to read."""

    repository: RepositoryName
    path: str = Field(min_length=1, max_length=4096, description="the file", examples=["README.md"])
    revision: Revision = None


class FileContent(BaseModel):
    """A file. `text` is None for binary files; `truncated` tells that only the beginning is shown."""

    repository: str
    path: str
    commit_hash: str
    size: int
    lfs: bool
    text: str | None
    truncated: bool


class ListCommits(BaseModel):
    """A part of the history, newest first."""

    repository: RepositoryName
    revision: Revision = None
    path: str | None = Field(None, max_length=4096, description="only commits that changed this file or folder")
    limit: Limit = 20
    cursor: Cursor = None


class CommitInfo(BaseModel):
    """One commit."""

    commit_hash: str
    parents: list[str]
    title: str
    message: str
    author: str
    at: datetime


class CommitListing(BaseModel):
    """A page of history."""

    repository: str
    revision: str
    items: list[CommitInfo]
    next_cursor: str | None = None


class FileWrite(BaseModel):
    """One file of a commit: give exactly one of `text`, `base64` and `upload_id`."""

    path: str = Field(min_length=1, max_length=4096, examples=["data/train.csv"])
    text: str | None = Field(None, description="the content as text")
    base64: str | None = Field(None, description="the content in base64")
    upload_id: uuid.UUID | None = Field(None, description="a file uploaded before")

    @model_validator(mode="after")
    def _one_content(self) -> FileWrite:
        if sum(value is not None for value in (self.text, self.base64, self.upload_id)) != 1:
            raise ValueError("give exactly one of text, base64 and upload_id")
        return self


class CreateCommit(BaseModel):
    """Many changes in one commit. Either all of them happen or none."""

    repository: RepositoryName
    branch: str | None = Field(None, max_length=200, description="the branch to move; empty for the default branch")
    parent: str | None = Field(
        None, max_length=64, description="the commit the branch must still be at, else nothing happens; empty to take it as it is"
    )
    message: str = Field(min_length=1, max_length=10_000)
    write: list[FileWrite] = Field([], max_length=50_000, description="files to create or replace")
    delete: list[str] = Field([], max_length=50_000, description="files or folders to remove")


class CommitCreated(BaseModel):
    """The commit that was made."""

    repository: str
    branch: str
    commit_hash: str
    parent: str | None
    paths: list[str] = Field(description="what was written or removed, at most the first 100")


class WriteFile(BaseModel):
    """A text file to create or replace."""

    repository: RepositoryName
    path: str = Field(min_length=1, max_length=4096, description="the file", examples=["README.md"])
    content: str = Field(max_length=1_000_000, description="the whole new text of the file")
    message: Message = None


class UploadFile(BaseModel):
    """Put attached files into a repository."""

    repository: RepositoryName
    file: str | None = Field(
        None, max_length=255, description="name or id of the attached file; empty for every attachment that waits", examples=["iris.parquet"]
    )
    path: str | None = Field(None, max_length=4096, description="where to put it: a file, or a folder ending in /", examples=["data/"])
    message: Message = None


class DeleteFile(BaseModel):
    """A file or folder to remove. Older commits keep it."""

    repository: RepositoryName
    path: str = Field(min_length=1, max_length=4096, description="the file or folder", examples=["old.csv"])
    message: Message = None


class UploadInfo(BaseModel):
    """Bytes that wait to be committed. `oid` is their sha256."""

    id: uuid.UUID
    file_name: str
    oid: str
    size: int
    expires_at: datetime
