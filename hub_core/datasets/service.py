"""Looking into data files: rows and columns, at any revision, without copying the file."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from pydantic import TypeAdapter

from hub_core.context import Context
from hub_core.datasets.cells import Cell
from hub_core.datasets.choosing import choose_data_file
from hub_core.datasets.preview import TableSchema
from hub_core.datasets.reader import PreviewLimits, read_preview, read_schema
from hub_core.datasets.schemas import DatasetColumn, DatasetRows, DatasetSchema, DescribeDataset, PreviewDataset
from hub_core.datasets.source import ByteSource, BytesSource, FileSource
from hub_core.errors import EntryNotFound
from hub_core.git.port import EntryKind, GitBackend
from hub_core.operation import Effect, operation
from hub_core.permissions import Permission
from hub_core.repositories.contents import ContentService, OpenFile, never_uploaded
from hub_core.repositories.lookup import OpenRepository, open_repository
from hub_core.settings import Settings

_CELL: TypeAdapter[Cell] = TypeAdapter(Cell)


class DatasetService:
    """Previews data files."""

    def __init__(self, git: GitBackend, contents: ContentService, settings: Settings) -> None:
        self._git = git
        self._contents = contents
        self._limits = PreviewLimits(seconds=settings.preview_seconds, memory_bytes=settings.preview_memory_bytes)

    @operation("dataset.preview", scope="repository:read", effect=Effect.READ)
    async def preview(self, ctx: Context, request: PreviewDataset) -> DatasetRows:
        """Show the first rows of a data file (parquet, CSV, JSON, JSON Lines, Arrow) as a table, at any revision."""
        file, source, revision = await self._open(ctx, request.repository, request.path, request.revision)
        found = await read_preview(source, file.path, rows=request.rows, limits=self._limits)
        return DatasetRows(
            **_described(file, revision, TableSchema(found.columns, found.row_count, found.format, found.bytes_read)),
            rows=[[_CELL.dump_python(cell, mode="json") for cell in row] for row in found.rows],
            has_more=found.has_more,
            truncated=found.truncated,
        )

    @operation("dataset.describe", scope="repository:read", effect=Effect.READ)
    async def describe(self, ctx: Context, request: DescribeDataset) -> DatasetSchema:
        """Tell the columns of a data file, their types and the number of rows, without showing rows."""
        file, source, revision = await self._open(ctx, request.repository, request.path, request.revision)
        return DatasetSchema(**_described(file, revision, await read_schema(source, file.path, limits=self._limits)))

    async def _open(
        self, ctx: Context, repository: str, path: str | None, revision: str | None
    ) -> tuple[OpenFile, ByteSource, str]:
        opened = await open_repository(ctx, repository, Permission.READ)
        name, commit_hash = await self._contents.resolve(opened, revision)
        chosen = path.strip("/") if path else await self._choose(opened, commit_hash, name)
        file = await self._contents.open_in(ctx, opened, chosen, commit_hash)
        return file, await self._source(file), name

    async def _choose(self, opened: OpenRepository, commit_hash: str | None, revision: str) -> str:
        entries = await self._git.tree(opened.key, commit_hash, recursive=True) if commit_hash else []
        chosen = choose_data_file([(entry.path, entry.size or 0) for entry in entries if entry.kind is EntryKind.FILE])
        if chosen is None:
            raise EntryNotFound(
                f"{opened.path} has no data file at {revision} that can be shown.", hint="Parquet, CSV, JSON, JSON Lines and Arrow files can."
            )
        return chosen

    async def _source(self, file: OpenFile) -> ByteSource:
        if not file.lfs:
            return BytesSource(await self._contents.read_bytes(file, file.size))
        path = self._contents.local_path(file)
        if path is None or not path.exists():
            raise never_uploaded(file.path)
        return FileSource(path)


def _described(file: OpenFile, revision: str, schema: TableSchema) -> dict[str, Any]:
    return {
        "repository": file.repository.path, "path": file.path, "revision": revision, "commit_hash": file.commit_hash,
        "format": schema.format, "columns": [DatasetColumn(**asdict(column)) for column in schema.columns],
        "row_count": schema.row_count,
    }
