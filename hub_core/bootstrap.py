"""The composition root: the only place where concrete adapters are named."""

from __future__ import annotations

from hub_core.accounts.secrets import load_secret_key
from hub_core.accounts.service import AccountService
from hub_core.accounts.sign_in import SignInService
from hub_core.approvals.service import ApprovalService
from hub_core.datasets.service import DatasetService
from hub_core.db.engine import Database
from hub_core.events.service import ActivityService
from hub_core.git.gitcli import LocalGitBackend
from hub_core.hub import Hub, Services
from hub_core.jobs.dbos_engine import DbosJobEngine
from hub_core.jobs.service import JobService
from hub_core.lfs.registry import LfsRegistry
from hub_core.marker import RunMarker
from hub_core.objects.local import LocalObjectStore
from hub_core.repositories.commits import CommitService
from hub_core.repositories.contents import ContentService
from hub_core.repositories.indexing import RepositoryIndexer
from hub_core.repositories.reconciling import Reconciler
from hub_core.repositories.refs import RefService
from hub_core.repositories.service import RepositoryService
from hub_core.repositories.uploads import UploadService
from hub_core.run import Runner
from hub_core.settings import Settings
from hub_core.transfers.service import LfsService


def build_hub(settings: Settings) -> Hub:
    """Wire a hub together; nothing runs yet. Creates the data folder and its secret key if they are missing."""
    data = settings.data_dir.absolute()
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    secret_key = load_secret_key(data / "secret.key")
    database = Database(settings.resolved_database_url)
    git = LocalGitBackend(data / "git", max_blob_bytes=settings.max_blob_bytes)
    objects = LocalObjectStore(data / "objects")

    approvals = ApprovalService(settings.approval_minutes)
    activity = ActivityService()
    jobs = JobService(database, DbosJobEngine(settings.resolved_jobs_database_url))
    runner = Runner(database, approvals, activity, jobs)
    registry = LfsRegistry(objects)
    uploads = UploadService(runner, objects, registry, settings.max_upload_bytes)
    commits = CommitService(git, objects, registry, uploads, jobs, settings.max_blob_bytes)
    contents = ContentService(git, objects, registry)
    services = Services(
        accounts=AccountService(),
        repositories=RepositoryService(git, jobs, commits, settings.default_visibility),
        refs=RefService(git, jobs),
        contents=contents,
        commits=commits,
        datasets=DatasetService(git, contents, settings),
        jobs=jobs,
        approvals=approvals,
        activity=activity,
    )
    return Hub(
        settings=settings, secret_key=secret_key, database=database, runner=runner, services=services,
        sign_in=SignInService(database, settings.session_days), git=git, objects=objects,
        lfs=LfsService(runner, objects, registry, secret_key, settings.max_upload_bytes), uploads=uploads,
        indexer=RepositoryIndexer(runner, git, registry, jobs), reconciler=Reconciler(runner, git, objects, registry, jobs),
        marker=RunMarker(data / "running"),
    )
