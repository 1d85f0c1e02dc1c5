"""Every operation of the hub, read from the service classes without building a hub."""

from __future__ import annotations

from typing import get_type_hints

from api.cli.output import print_json, print_table
from hub_core.hub import Services
from hub_core.operation import Operation, is_operation, operation_of


def all_operations() -> list[Operation]:
    """The operations, service by service in the order of their definition."""
    return [
        operation_of(method) for service in get_type_hints(Services).values() for method in vars(service).values() if is_operation(method)
    ]


def list_operations(*, as_json: bool) -> None:
    """Print them."""
    rows = [(item.name, item.scope, item.effect.name.lower(), item.summary) for item in all_operations()]
    if as_json:
        print_json([dict(zip(("name", "scope", "effect", "summary"), row, strict=True)) for row in rows])
    else:
        print_table(["name", "scope", "effect", "summary"], rows)
