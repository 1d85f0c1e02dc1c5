"""The marker that makes a service method an operation: one capability, callable from every surface."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, TypeVar, get_type_hints

from pydantic import BaseModel

from hub_core.context import Access


class Effect(IntEnum):
    """What calling an operation does to the world."""

    READ = 0
    WRITE = 1
    COSTLY = 2
    DESTRUCTIVE = 3


class Preview(BaseModel):
    """What a person sees before approving: a title, what exactly will happen, and facts to weigh (label to value)."""

    title: str
    summary: str
    facts: dict[str, str] = {}


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation's declaration. `preview` names the method of the same service that describes a call before it is approved."""

    name: str
    scope: str
    effect: Effect
    input: type[BaseModel]
    output: Any
    summary: str
    description: str
    preview: str | None = None

    @property
    def access(self) -> Access:
        """The credential level the scope's action asks for."""
        return Access.parse(self.scope.rpartition(":")[2])


Method = TypeVar("Method", bound=Callable[..., Awaitable[Any]])

_ATTRIBUTE = "__hubpilot_operation__"


def operation(name: str, *, scope: str, effect: Effect, preview: str | None = None) -> Callable[[Method], Method]:
    """Mark `async def method(self, ctx: Context, request: Input) -> Output` as the operation `name` (`noun.verb`)."""

    def mark(method: Method) -> Method:
        setattr(method, _ATTRIBUTE, (name, scope, effect, preview))
        return method

    return mark


def operation_of(method: Callable[..., Any]) -> Operation:
    """The declaration of a marked method; raises `TypeError` when it is not marked or not of the expected form."""
    function = inspect.unwrap(getattr(method, "__func__", method))
    try:
        name, scope, effect, preview = getattr(function, _ATTRIBUTE)
    except AttributeError:
        raise TypeError(f"{function.__qualname__} is not an operation") from None
    hints = get_type_hints(function)
    parameters = list(inspect.signature(function).parameters)
    if parameters != ["self", "ctx", "request"]:
        raise TypeError(f"{function.__qualname__} must take (self, ctx, request)")
    text = inspect.getdoc(function) or ""
    return Operation(name, scope, effect, hints["request"], hints["return"], text.split("\n")[0], text, preview)


def is_operation(method: object) -> bool:
    return hasattr(method, _ATTRIBUTE)
