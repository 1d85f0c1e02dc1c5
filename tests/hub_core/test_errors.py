"""The error tree, and that every surface knows all of it."""

from __future__ import annotations

from http import HTTPStatus

from api.errors import problem, status_of
from hub_core import errors


def tree(root: type[errors.HubError]) -> list[type[errors.HubError]]:
    return [root, *(kind for child in root.__subclasses__() for kind in tree(child))]


def test_every_error_has_a_code_of_its_own():
    codes = [kind.code for kind in tree(errors.HubError) if kind.__module__ == errors.__name__]
    assert len(codes) == len(set(codes))


def test_every_error_has_a_status_and_a_problem():
    for kind in tree(errors.HubError):
        error = kind("It broke.", hint="Mend it.")
        status = status_of(error)
        assert 400 <= HTTPStatus(status) < 600
        body = problem(status, error.code, error.message, hint=error.hint, request_id="r1")
        assert (body["code"], body["detail"], body["hint"], body["request_id"]) == (kind.code, "It broke.", "Mend it.", "r1")


def test_the_tree_in_the_docstring_is_the_tree():
    for kind in tree(errors.HubError)[1:]:
        if kind.__bases__[0] is errors.HubError:
            assert kind.__name__ in (errors.__doc__ or ""), f"{kind.__name__} is missing from the drawing"
