"""Responses that are wrong on purpose: those parts of git's tests are about what the client makes of them."""

from __future__ import annotations

import asyncio
import os
import re
from pathlib import Path

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# What answers instead of the hub; the scripts are put beside the documents by git's tests.
_SCRIPTS = [(re.compile(pattern), script) for pattern, script in (
    (r"/smart/incomplete_length/git-upload-pack()", "incomplete-length-upload-pack-v2-http.sh"),
    (r"/smart/incomplete_body/git-upload-pack()", "incomplete-body-upload-pack-v2-http.sh"),
    (r"/smart/no_report/git-receive-pack()", "error-no-report.sh"),
    (r"/error_git_upload_pack/.*/git-upload-pack()", "error.sh"),
    (r"/broken_smart(/.*)", "broken-smart-http.sh"),
    (r"/error_smart(/.*)", "error-smart-http.sh"),
    (r"/error(/.*)", "error.sh"),
)]


class Faults:
    """The faults of one run of a test script, whose `httpd` folder is `root`."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def script(self, path: str) -> tuple[str, str] | None:
        """The script that answers at `path`, and its PATH_INFO; None where the hub answers."""
        for pattern, script in _SCRIPTS:
            if found := pattern.fullmatch(path):
                return script, found[1] or "/"
        return None

    async def run(self, script: str, path_info: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with what a script writes, by CGI (RFC 3875)."""
        body = await _whole_body(receive)
        environment = {
            **os.environ, "GATEWAY_INTERFACE": "CGI/1.1", "REQUEST_METHOD": scope["method"], "PATH_INFO": path_info,
            "QUERY_STRING": scope["query_string"].decode(), "CONTENT_LENGTH": str(len(body)),
            "CONTENT_TYPE": Headers(scope=scope).get("content-type", ""),
        }
        process = await asyncio.create_subprocess_exec(
            str(self._root / script), env=environment, cwd=self._root, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        output, _ = await process.communicate(body)
        head, _, content = output.partition(b"\n\n")
        status, headers = 200, []
        for line in head.splitlines():
            name, _, value = line.partition(b":")
            if name.lower() == b"status":
                status = int(value.split()[0])
            else:
                headers.append((name.lower(), value.strip()))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": content})

    async def change_once(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        """Let `app` answer; when a test has left a perl program, run it over the response, and once it has changed one remove it."""
        program = self._root / "one-time-perl"
        if not program.exists():
            await app(scope, receive, send)
            return
        messages: list[Message] = []

        async def keep(message: Message) -> None:
            messages.append(message)

        await app(scope, receive, keep)
        body = b"".join(message.get("body", b"") for message in messages)
        process = await asyncio.create_subprocess_exec(
            "perl", "-pe", program.read_text(), cwd=self._root, env={**os.environ, "LC_ALL": "C"},
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        )
        changed, _ = await process.communicate(body)
        if changed != body:
            program.unlink()
        headers = [(name, value) for name, value in messages[0]["headers"] if name != b"content-length"]
        await send({**messages[0], "headers": headers})
        await send({"type": "http.response.body", "body": changed})


async def _whole_body(receive: Receive) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body
