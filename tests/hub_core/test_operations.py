"""Every operation: declared well, bound on each surface or excused there, and closed to those without its scope."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pydantic import SecretStr

from hub_core.context import ANONYMOUS, Access, Context, Surface
from hub_core.errors import NotAuthenticated, ScopeMissing
from hub_core.operation import Effect

from .examples import EXAMPLES


async def test_every_operation_has_an_example(hub):
    assert set(EXAMPLES) == set(hub.operations)


async def test_declarations_are_complete(hub):
    for operation in hub.operations.values():
        noun, _, verb = operation.name.partition(".")
        assert noun
        assert verb
        assert operation.scope.rpartition(":")[2] in {"read", "write", "admin"}
        assert operation.summary.endswith(".")
        for name, field in operation.input.model_fields.items():
            assert field.description or name in {"id", "parent", "limit", "cursor", "message", "write", "text", "base64", "upload_id", "recursive"}, (
                operation.name, name,
            )
        assert (operation.preview is not None) == (operation.effect >= Effect.COSTLY), operation.name
        for field in operation.input.model_fields.values():
            assert field.annotation is not SecretStr, "secrets do not travel through operations"


@pytest.mark.parametrize("name", sorted(EXAMPLES))
async def test_without_the_scope_nothing_happens(hub, alice, name):
    operation = hub.operations[name]
    request = operation.input.model_validate(EXAMPLES[name])
    weaker = Access(operation.access - 1) if operation.access > Access.READ else None
    if weaker is not None:
        low = Context(replace(alice.actor, access=weaker, credential="token:low"), Surface.REST, "t")
        with pytest.raises(ScopeMissing):
            await hub.run(hub.method(name), low, request)
        with pytest.raises(NotAuthenticated):
            await hub.run(hub.method(name), Context(ANONYMOUS, Surface.REST, "t"), request)
