"""Users, access tokens, jobs, the audit log and documentation in few words."""

from __future__ import annotations

import re

from hub_core.accounts.schemas import (
    AccessTokenCreated,
    AccessTokenInfo,
    AccessTokenRevoked,
    CreateAccessToken,
    CreateUser,
    Identity,
    ListAccessTokens,
    ListUsers,
    RevokeAccessToken,
    UserCreated,
    UserInfo,
    WhoAmI,
)
from hub_core.events.schemas import Activity, ListActivity
from hub_core.jobs.schemas import JobInfo, JobState, ListJobs
from hub_core.paging import Page
from hub_core.units import human_count
from retrieval.port import Passage
from tools.documentation import SearchDocumentation
from tools.present import Presented
from tools.present.words import moment, plain, quoted, say, some, steps, strong

_QUOTED_WORDS = 60


def identity(_request: WhoAmI, result: Identity) -> Presented:
    role = "an administrator" if result.is_admin else "a user"
    return Presented(
        f"You are signed in as {strong(result.name or '')}, {role}; this sign-in allows {result.scope} access.", "identity",
        result.name or "", steps("list my repositories", "list my access tokens"),
    )


def user_created(_request: CreateUser, result: UserCreated) -> Presented:
    role = "administrator" if result.user.is_admin else "user"
    return Presented(
        f"Created the {role} {strong(result.user.name)}. The one-time link where the password is set is shown once and works until "
        f"{moment(result.expires_at)}: pass it on.",
        "user", result.user.name, steps("list the users"),
    )


def users(request: ListUsers, result: Page[UserInfo]) -> Presented:
    if not result.items:
        return Presented(f"No user is called anything like {quoted(request.search or '')}.", "users", "Users", steps("list the users"))
    count = f"The first {len(result.items)} users" if result.next_cursor else human_count(len(result.items), "user")
    return Presented(f"{count}: {some(user.name for user in result.items)}.", "users", "Users", steps(say("list the repositories of {}", result.items[0].name)))


def token_created(_request: CreateAccessToken, result: AccessTokenCreated) -> Presented:
    info = result.info
    until = f"until {moment(info.expires_at)}" if info.expires_at else "without an end"
    return Presented(
        f"Created the access token {strong(info.name)} with {info.scope} access, {until}. Its secret is shown this once: copy it now.",
        "access_token", f"Access token {info.name}", steps("how do I use a token with git?", "list my access tokens"),
        undo=say("revoke the token {}", info.name),
    )


def tokens(_request: ListAccessTokens, result: list[AccessTokenInfo]) -> Presented:
    if not result:
        return Presented("You have no access tokens.", "access_tokens", "Access tokens", steps("create an access token called laptop"))
    return Presented(
        f"You have {human_count(len(result), 'access token')}: {some(f'{token.name} ({token.scope})' for token in result)}.",
        "access_tokens", "Access tokens", steps(say("revoke the token {}", result[0].name)),
    )


def token_revoked(_request: RevokeAccessToken, result: AccessTokenRevoked) -> Presented:
    return Presented(
        f"Revoked the access token {strong(result.name)}. Programs that used it are signed out.", "deleted", f"Revoked {result.name}",
        steps("list my access tokens"),
    )


def jobs(request: ListJobs, result: Page[JobInfo]) -> Presented:
    state = f"{request.state} " if request.state else ""
    if not result.items:
        return Presented(f"There are no {state}jobs.", "jobs", "Jobs", steps("list all jobs" if request.state else None))
    count = f"The latest {len(result.items)} {state}jobs" if result.next_cursor else human_count(len(result.items), f"{state}job")
    latest = result.items[0]
    reason = f": {plain(latest.reason)}" if latest.reason else ""
    failed = any(job.state is JobState.FAILED for job in result.items) and not request.state
    return Presented(
        f"{count}. The newest, {plain(latest.kind)} of {moment(latest.created_at)}, is {latest.state}{reason}.", "jobs", "Jobs",
        steps("which jobs failed?" if failed else None),
    )


def activity(request: ListActivity, result: Page[Activity]) -> Presented:
    if not result.items:
        return Presented("Nothing is recorded that fits, or nothing that you may see.", "activity", "Activity", steps("show my activity"))
    last = result.items[0]
    outcome = "" if last.outcome == "ok" else f" ({plain(last.outcome)})"
    subject = f" on {strong(last.subject)}" if last.subject else ""
    count = "1 entry" if len(result.items) == 1 else f"{len(result.items)} entries"
    return Presented(
        f"{count}. The last: {plain(last.user or 'nobody')} did {plain(last.operation)}{subject} on {moment(last.at)}{outcome}.",
        "activity", "Activity", steps("show my activity" if request.user != "me" else None),
    )


def documentation(_request: SearchDocumentation, result: list[Passage]) -> Presented:
    if not result:
        return Presented(
            "The documentation has nothing about that.", "text", "Documentation", steps("what can you do?", "how do I push with git?")
        )
    best = result[0]
    return Presented(f"{excerpt(best.text)}\n\n— *{plain(best.title)}*", "text", best.title)


def excerpt(text: str) -> str:
    """The first paragraphs of a passage, about 60 words."""
    kept: list[str] = []
    words = 0
    for block in re.split(r"\n\s*\n", re.sub(r"(?m)^#+ .*$", "", text).strip()):
        size = len(block.split())
        if words + size > _QUOTED_WORDS:
            if not kept:
                kept.append(" ".join(block.split()[:_QUOTED_WORDS]) + " …")
            break
        kept.append(block.strip())
        words += size
    quoted_text = "\n\n".join(kept)
    return f"{quoted_text}\n```" if quoted_text.count("```") % 2 else quoted_text
