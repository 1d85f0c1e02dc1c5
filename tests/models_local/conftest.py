from collections.abc import Iterator
from typing import Any

import pytest

from models_local.planner import Planner
from tools.schema import function_schemas


@pytest.fixture(scope="session")
def planner() -> Iterator[Planner]:
    planner = Planner.load()
    yield planner
    planner.close()


@pytest.fixture(scope="session")
def tools() -> tuple[dict[str, Any], ...]:
    return function_schemas()
