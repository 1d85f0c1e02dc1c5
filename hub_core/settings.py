"""The one place where configuration is read: environment variables with the prefix `HUBPILOT_`, then defaults."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

MIB = 1 << 20


class Settings(BaseSettings):
    """Everything an operator can set. Sizes are bytes, durations are seconds."""

    model_config = SettingsConfigDict(env_prefix="HUBPILOT_", env_file=None, extra="ignore")

    data_dir: Path = Field(Path("data"), description="folder of everything the hub keeps with the embedded defaults")
    host: str = Field("127.0.0.1", description="address the hub listens on; 0.0.0.0 for every network interface")
    port: int = Field(8000, ge=0, le=65535, description="port the hub listens on")
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    database_url: str | None = Field(None, description="URL of a PostgreSQL, MySQL or MariaDB database; default: SQLite in the data folder")
    jobs_database_url: str | None = Field(
        None, description="URL of a PostgreSQL database for the progress of jobs; default: beside the rows on PostgreSQL, else SQLite in the data folder"
    )

    admin_name: str | None = Field(None, description="administrator created at the first start")
    admin_password: SecretStr | None = None

    default_visibility: Literal["private", "public"] = Field(
        "private", description="visibility of a repository whose creator does not choose one"
    )
    session_days: int = Field(14, ge=1, description="days a sign-in lasts without use")
    approval_minutes: int = Field(60, ge=1, description="minutes within which a person can approve what the Copilot asks for")
    max_blob_bytes: int = Field(10 * MIB, description="files above this size go to LFS; larger plain blobs are refused")
    max_upload_bytes: int = Field(200 * 1024**3, description="largest single file")
    max_parallel_uploads: int = Field(64, ge=1, description="uploads one process takes at a time; further ones are asked to come back")
    max_commit_body_bytes: int = Field(64 * MIB, description="largest body of a request that is not streamed, such as a commit in JSON")
    preview_seconds: float = Field(20.0, description="time one dataset preview may take")
    preview_memory_bytes: int = Field(256 * MIB, description="memory one dataset preview may take")

    llm: str | None = Field(
        None,
        description="model of the Copilot: unset for the shipped one, a path to a GGUF file, or the base URL of an OpenAI-compatible endpoint",
    )
    llm_name: str = Field("default", description="model name to ask an OpenAI-compatible endpoint for")
    llm_api_key: SecretStr | None = Field(None, description="key for that endpoint")

    @property
    def resolved_database_url(self) -> str:
        return self.database_url or f"sqlite+aiosqlite:///{self.data_dir.absolute() / 'hubpilot.sqlite'}"

    @property
    def resolved_jobs_database_url(self) -> str:
        beside_rows = self.database_url if (self.database_url or "").startswith("postgres") else None
        return self.jobs_database_url or beside_rows or f"sqlite:///{self.data_dir.absolute() / 'jobs.sqlite'}"
