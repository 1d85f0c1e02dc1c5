"""Repositories, branches and tags in few words."""

from __future__ import annotations

from hub_core.names import RepositoryType
from hub_core.paging import Page
from hub_core.repositories.schemas import (
    CreateRef,
    CreateRepository,
    CreateTag,
    DeleteRef,
    DeleteRepository,
    GetRepository,
    ListRefs,
    ListRepositories,
    RefInfo,
    RepositoryDeleted,
    RepositoryInfo,
    UpdateRepository,
    Visibility,
)
from hub_core.units import human_count, human_size
from tools.present import Presented
from tools.present.words import moment, plain, say, short, some, steps, strong

_NOUN = {
    RepositoryType.MODEL: "model", RepositoryType.DATASET: "dataset", RepositoryType.SPACE: "space",
    RepositoryType.CODE: "code repository",
}


def created(_request: CreateRepository, result: RepositoryInfo) -> Presented:
    license_words = f" under {plain(result.license)}" if result.license else ""
    return Presented(
        f"Created the {result.visibility} {_NOUN[result.type]} {strong(result.full_name)}{license_words}.",
        "repository", result.full_name, _next(result, fresh=True), undo=say("delete {}", result.path),
    )


def told(_request: GetRepository, result: RepositoryInfo) -> Presented:
    facts = [
        f"under {plain(result.license)}" if result.license else "without a license",
        f"{human_size(result.size)} in {human_count(result.file_count, 'file')}",
    ]
    labels = [*result.tags, *result.tasks, *result.languages]
    sentences = [
        f"{strong(result.full_name)} is a {result.visibility} {_NOUN[result.type]} {', '.join(facts)}.",
        f"Tags: {some(dict.fromkeys(labels), 4)}." if labels else "No tags.",
        f"Last updated {moment(result.updated_at)}, default branch {plain(result.default_branch)}.",
    ]
    return Presented(" ".join(sentences), "repository", result.full_name, _next(result, fresh=result.commit_hash is None))


def listed(request: ListRepositories, result: Page[RepositoryInfo]) -> Presented:
    noun = _NOUN[request.type] if request.type else "repository"
    plural = "repositories" if noun.endswith("repository") else f"{noun}s"
    plural = "code repositories" if request.type is RepositoryType.CODE else plural
    title = plural.capitalize()
    if not result.items:
        return Presented(
            f"There is no {noun} that fits, or none that you may see.", "repositories", title,
            steps(f"list all {plural}" if request.type else "list all repositories", "create a dataset called iris"),
        )
    count = f"The first {len(result.items)} {plural}" if result.next_cursor else f"{len(result.items):,} {plural if len(result.items) > 1 else noun}"
    return Presented(
        f"{count}: {some(info.full_name for info in result.items)}.", "repositories", title,
        steps(say("tell me about {}", result.items[0].path), say("show the files of {}", result.items[0].path)),
    )


def updated(request: UpdateRepository, result: RepositoryInfo) -> Presented:
    changes = []
    undo = None
    if request.visibility is not None:
        changes.append(f"{strong(result.full_name)} is now {result.visibility}.")
        before = Visibility.PUBLIC if request.visibility is Visibility.PRIVATE else Visibility.PRIVATE
        undo = say("make {} {} again", result.path, before) if request.description is None else None
    if request.description is not None:
        now = f"reads: “{plain(result.description, 100)}”" if result.description else "is empty"
        changes.append(f"The description of {strong(result.full_name)} now {now}.")
    return Presented(" ".join(changes), "repository", result.full_name, steps(say("tell me about {}", result.path)), undo)


def deleted(_request: DeleteRepository, result: RepositoryDeleted) -> Presented:
    return Presented(
        f"Deleted {strong(result.repository)} with {human_count(result.commit_count, 'commit')} and {human_size(result.size)}. "
        "It cannot be brought back.",
        "deleted", f"Deleted {result.repository}", steps("list my repositories"),
    )


def branches(request: ListRefs, result: list[RefInfo]) -> Presented:
    return _refs(request, result, "branch", "branches")


def tags(request: ListRefs, result: list[RefInfo]) -> Presented:
    return _refs(request, result, "tag", "tags")


def branch_created(_request: CreateRef, result: RefInfo) -> Presented:
    return _ref_created(result, "branch")


def tag_created(_request: CreateTag, result: RefInfo) -> Presented:
    return _ref_created(result, "tag")


def branch_deleted(_request: DeleteRef, result: RefInfo) -> Presented:
    return _ref_deleted(result, "branch")


def tag_deleted(_request: DeleteRef, result: RefInfo) -> Presented:
    return _ref_deleted(result, "tag")


def _next(info: RepositoryInfo, *, fresh: bool) -> tuple[str, ...]:
    change = f"make {info.path} {'public' if info.visibility is Visibility.PRIVATE else 'private'}"
    if fresh:
        return steps(say("how do I push to {}?", info.path), change)
    look = say("preview {}", info.path) if info.type is RepositoryType.DATASET else say("show the readme of {}", info.path)
    return steps(say("show the files of {}", info.path), look, say("who changed {} last?", info.path))


def _refs(request: ListRefs, result: list[RefInfo], noun: str, plural: str) -> Presented:
    if not result:
        repository = plain(request.repository)
        return Presented(
            f"**{repository}** has no {plural} yet.", "refs", plural.capitalize(),
            steps(say("create tag v1 of {}", request.repository) if noun == "tag" else None),
        )
    repository = result[0].repository
    count = human_count(len(result), noun) if len(result) == 1 else f"{len(result):,} {plural}"
    return Presented(
        f"{strong(repository)} has {count}: {some(ref.name for ref in result)}.", "refs", f"{plural.capitalize()} of {repository}",
        steps(say("show the files of {} at {}", repository, result[0].name)),
    )


def _ref_created(result: RefInfo, noun: str) -> Presented:
    return Presented(
        f"Created {noun} {strong(result.name)} of {strong(result.repository)} at {short(result.commit_hash)}.", "ref",
        f"{noun.capitalize()} {result.name}", steps(say("show the files of {} at {}", result.repository, result.name)),
        undo=say("delete {} {} of {}", noun, result.name, result.repository),
    )


def _ref_deleted(result: RefInfo, noun: str) -> Presented:
    return Presented(
        f"Deleted {noun} {strong(result.name)} of {strong(result.repository)}; it pointed to {short(result.commit_hash)}.", "deleted",
        f"Deleted {noun} {result.name}", steps(say("list the {} of {}", "branches" if noun == "branch" else "tags", result.repository)),
        undo=say(
            f"create {{}} {{}} of {{}} {'from' if noun == 'branch' else 'at'} {{}}", noun, result.name, result.repository, result.commit_hash
        ),
    )
