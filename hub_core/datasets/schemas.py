"""Inputs of dataset preview."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from hub_core.repositories.schemas import RepositoryName, Revision

DataPath = Field(None, max_length=4096, description="the data file; empty for the one a person would open first", examples=["data/train.parquet"])


class PreviewDataset(BaseModel):
    """Which rows to show."""

    repository: RepositoryName
    path: str | None = DataPath
    revision: Revision = None
    rows: int = Field(10, ge=1, le=200, description="how many rows")


class DescribeDataset(BaseModel):
    """Which file's columns to tell."""

    repository: RepositoryName
    path: str | None = DataPath
    revision: Revision = None


class DatasetColumn(BaseModel):
    """A column; `type` reads like Arrow's type names."""

    name: str
    type: str
    nullable: bool


class DatasetSchema(BaseModel):
    """The columns of one data file. `row_count` is None where only reading the whole file would tell."""

    repository: str
    path: str
    revision: str
    commit_hash: str
    format: str
    columns: list[DatasetColumn]
    row_count: int | None


class DatasetRows(DatasetSchema):
    """Rows of one data file, one cell a column.

    A cell is a number, text, boolean or null; what cannot be shown whole is an object with `kind` (text, binary, image, nested).
    """

    rows: list[list[Any]]
    has_more: bool
    truncated: bool
