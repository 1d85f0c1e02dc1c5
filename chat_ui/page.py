"""The chat's HTML page, made from Chainlit's own without anything that would be fetched from elsewhere."""

from __future__ import annotations

import re
import secrets

from chainlit.server import get_html_template
from fastapi.responses import HTMLResponse

_ELSEWHERE = re.compile(r"""<(?:link|script)\b[^>]*\b(?:href|src)=["']https?://[^>]*>(?:\s*</script>)?""")


class ChatPage:
    """Renders the page the single-page application starts from."""

    def __init__(self, path: str) -> None:
        self._html = _ELSEWHERE.sub("", get_html_template(path))

    def respond(self, host: str) -> HTMLResponse:
        """The page, with a policy that lets the browser talk to this hub only: answers can quote text that came from anywhere."""
        nonce = secrets.token_urlsafe(16)
        policy = (
            # Cards are React components compiled in the browser, which takes eval.
            f"default-src 'none'; script-src 'self' 'nonce-{nonce}' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
            f"img-src 'self' data: blob:; media-src 'self' blob:; font-src 'self' data:; worker-src 'self' blob:; "
            f"connect-src 'self' ws://{host} wss://{host}; form-action 'self'; base-uri 'none'; frame-ancestors 'self'"
        )
        headers = {
            "Content-Security-Policy": policy, "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "same-origin",
        }
        return HTMLResponse(self._html.replace("<script>", f'<script nonce="{nonce}">'), headers=headers)
