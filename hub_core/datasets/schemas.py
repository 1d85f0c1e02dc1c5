"""Inputs of dataset preview."""

from __future__ import annotations

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
