"""The native REST API under `/api/v2`."""

from __future__ import annotations

from fastapi import APIRouter

from api.rest import accounts, contents, copilot, governance, operations, repositories, uploads
from api.rest.common import PREFIX

router = APIRouter(prefix=PREFIX)
for part in (repositories, contents, uploads, accounts, governance, copilot, operations):
    router.include_router(part.router)
