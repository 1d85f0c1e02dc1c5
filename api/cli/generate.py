"""From an operation to a command: arguments and options come from the operation's input, the call goes to the hub."""

from __future__ import annotations

import inspect
import sys
import types
import uuid
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Annotated, Any, Union, get_args, get_origin

import typer
from pydantic import ValidationError
from pydantic.fields import FieldInfo

from api.cli.bindings import COMMANDS, WRITTEN, Bound
from api.cli.client import HubClient
from api.cli.errors import invalid
from api.cli.output import clean, print_json
from hub_core.errors import ConfirmationRequired
from hub_core.operation import Effect, Operation, operation_of

_JSON, _YES = "as_json", "assume_yes"
_EMPTY = inspect.Parameter.empty


def commands_of(group: str) -> dict[str, Any]:
    """The commands of a group, by name."""
    sub = typer.Typer(rich_markup_mode=None)
    for bound in COMMANDS[group]:
        sub.command(bound.name, help=bound.summary or operation_of(bound.method).description)(command_function(bound))
    for function in WRITTEN.get(group, ()):
        sub.command()(function)
    return dict(typer.main.get_group(sub).commands)


def command_function(bound: Bound) -> Callable[..., None]:
    """A function whose signature typer turns into the command.

    Raises `TypeError` when the operation's input has a field no command line can express.
    """
    declaration = operation_of(bound.method)
    parameters = [
        _parameter(name, field) for name, field in declaration.input.model_fields.items() if name not in bound.fixed
    ]
    parameters.append(_flag(_JSON, "--json", "Print JSON."))
    if declaration.effect is Effect.DESTRUCTIVE:
        parameters.append(_flag(_YES, "--yes", "Do not ask for confirmation."))
    parameters.sort(key=lambda parameter: parameter.default is not _EMPTY)  # stable: arguments come first, in the input's order

    def command(**values: Any) -> None:
        as_json, assume_yes = values.pop(_JSON), values.pop(_YES, False)
        run(bound, {name: value for name, value in values.items() if value not in (None, [])}, as_json=as_json, assume_yes=assume_yes)

    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # PEP 362 lets a function carry one
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return command


def run(bound: Bound, values: Mapping[str, Any], *, as_json: bool, assume_yes: bool = False) -> None:
    """Check the values, ask a person where something would be lost, call the hub and show its answer.

    Raises `InvalidInput`, `ConfirmationRequired` when nobody confirms, and whatever the hub answers with.
    """
    declaration = operation_of(bound.method)
    if bound.piped and values.get(bound.piped) == "-":
        values = {**values, bound.piped: sys.stdin.read()}
    try:
        request = declaration.input.model_validate({**values, **bound.fixed})
    except ValidationError as error:
        options = {name: _option(name) for name, field in declaration.input.model_fields.items() if not field.is_required()}
        raise invalid(error, options) from None
    arguments = request.model_dump(mode="json", exclude_unset=True)
    if declaration.effect is Effect.DESTRUCTIVE and not assume_yes:
        _confirm(declaration, arguments)
    with HubClient() as hub:
        answer = hub.call(declaration.name, arguments)
    (print_json if as_json else bound.show)(answer)


def _confirm(declaration: Operation, arguments: Mapping[str, Any]) -> None:
    subject = ", ".join(clean(str(value)) for value in arguments.values())
    if not sys.stdin.isatty():
        raise ConfirmationRequired(f"{declaration.name} of {subject} cannot be undone. Nothing was changed.", hint="Add --yes to go on.")
    typer.echo(f"{declaration.summary}\n  {subject}", err=True)
    if not typer.confirm("Go on?", err=True):
        raise ConfirmationRequired("Not confirmed. Nothing was changed.")


def _parameter(name: str, field: FieldInfo) -> inspect.Parameter:
    kind = _command_line_type(name, field)
    help_text = _help(field)
    if field.is_required():
        return _keyword(name, Annotated[kind, typer.Argument(help=help_text, show_default=False)], _EMPTY)
    shown = field.get_default(call_default_factory=True, validated_data={})
    default = str(getattr(shown, "value", shown)) if shown not in (None, "", [], False) else False
    option = _option(name)
    if kind is bool:
        option = f"{option}/--no-{option[2:]}"
    return _keyword(name, Annotated[kind | None, typer.Option(option, help=help_text, show_default=default)], None)


def _command_line_type(name: str, field: FieldInfo) -> Any:
    """What typer shall make of a field: its type without `None`, and lists of plain values."""
    kind = field.annotation
    if get_origin(kind) in (Union, types.UnionType):
        kinds = [part for part in get_args(kind) if part is not type(None)]
        kind = kinds[0] if len(kinds) == 1 else None
    item = get_args(kind)[0] if get_origin(kind) is list else kind
    if not (isinstance(item, type) and issubclass(item, str | int | float | uuid.UUID | Enum)):
        raise TypeError(f"a command line cannot express the field {name}: {field.annotation}")
    return kind


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _flag(name: str, option: str, help_text: str) -> inspect.Parameter:
    return _keyword(name, Annotated[bool, typer.Option(option, help=help_text)], False)


def _keyword(name: str, annotation: Any, default: Any) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


def _help(field: FieldInfo) -> str:
    text = field.description or ""
    if field.examples:
        text += f", for example {field.examples[0]}"
    text = text.removeprefix(", ")
    return f"{text[:1].upper()}{text[1:]}"
