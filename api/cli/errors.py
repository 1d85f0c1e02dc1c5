"""Errors on the command line: one line on standard error and an exit code a script can act on."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NoReturn

import typer
from typer.core import TyperGroup

from hub_core import errors

if TYPE_CHECKING:
    from pydantic import ValidationError

# A class not named here ends the program like its nearest ancestor that is. 2 is also what typer uses for wrong options.
EXIT_CODES: dict[type[errors.HubError], int] = {
    errors.HubError: 1,
    errors.InvalidInput: 2,
    errors.NotAuthenticated: 3,
    errors.PermissionDenied: 4,
    errors.NotFound: 5,
    errors.Conflict: 6,
    errors.ConfirmationRequired: 7,
    errors.TooLarge: 8,
    errors.Unsupported: 8,
    errors.TooManyRequests: 9,
    errors.Unavailable: 9,
    errors.Internal: 1,
}
_BY_CODE: dict[str, type[errors.HubError]] = {
    kind.code: kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.HubError)
}
# For answers whose code this version does not know.
_BY_STATUS: dict[int, type[errors.HubError]] = {
    401: errors.NotAuthenticated, 403: errors.PermissionDenied, 404: errors.NotFound, 405: errors.Unsupported, 409: errors.Conflict,
    413: errors.TooLarge, 422: errors.InvalidInput, 429: errors.TooManyRequests, 503: errors.Unavailable,
}


def exit_code_of(error: errors.HubError) -> int:
    """What the program exits with because of `error`."""
    return next(EXIT_CODES[kind] for kind in type(error).__mro__ if kind in EXIT_CODES)


def error_of(status: int, problem: Mapping[str, Any]) -> errors.HubError:
    """The core's error that a hub answered with, from its problem details (RFC 9457)."""
    kind = _BY_CODE.get(str(problem.get("code"))) or _BY_STATUS.get(status, errors.HubError)
    message = str(problem.get("detail") or problem.get("title") or f"The hub answered with status {status}.")
    if status >= 500 and problem.get("request_id"):
        message += f" (request {problem['request_id']})"
    hint = problem.get("hint")
    if issubclass(kind, errors.NotAuthenticated):
        hint = "Run “hubpilot login”, or set HUBPILOT_TOKEN."
    return kind(message, hint=str(hint) if hint else None)


def invalid(error: ValidationError, names: Mapping[str, str] | None = None) -> errors.InvalidInput:
    """Say in plain words what pydantic found wrong; `names` are what the person calls the fields."""
    issues = []
    for issue in error.errors()[:5]:
        field = ".".join(map(str, issue["loc"]))
        message = issue["msg"].removeprefix("Value error, ")
        issues.append(f"{(names or {}).get(field, field)}: {message}" if field else message)
    return errors.InvalidInput("; ".join(issues) + ".", hint="Nothing was changed.")


class ErrorEdge(TyperGroup):
    """The outermost group: whatever goes wrong in a command ends here, as one line and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except (typer.Exit, typer.Abort, typer.TyperException, BrokenPipeError):
            raise  # typer's own, with its own way to end
        except errors.HubError as error:
            _end(ctx, error, f"{error.code}: {error}", exit_code_of(error))
        except Exception as error:  # noqa: BLE001  # command-line edge: a person gets a sentence, not a traceback
            _end(ctx, error, f"internal: {type(error).__name__}: {error} (“hubpilot --debug …” shows where)", 1)


def _end(ctx: Any, error: Exception, line: str, code: int) -> NoReturn:
    if ctx.params.get("debug"):
        traceback.print_exception(error)
    typer.echo(line, err=True)
    raise typer.Exit(code)
