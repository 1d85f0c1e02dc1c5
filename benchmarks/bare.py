"""The least a FastAPI application can do: what the hub's REST API, start and memory are measured against.

`python -m benchmarks.bare PORT FILE`: FILE is a JSON object, path to answer.
"""

from __future__ import annotations

import sys
from pathlib import Path

import orjson
import uvicorn
from fastapi import FastAPI


def create_app(answers: dict[str, object]) -> FastAPI:
    """An application that gives `answers` by path, through FastAPI's own routing and serialisation."""
    app = FastAPI()
    for path, answer in answers.items():

        async def give(answer: object = answer) -> object:
            return answer

        app.get(path)(give)
    return app


if __name__ == "__main__":
    uvicorn.run(
        create_app(orjson.loads(Path(sys.argv[2]).read_bytes())), host="127.0.0.1", port=int(sys.argv[1]), loop="asyncio", http="httptools",
        log_config=None, access_log=False, server_header=False,
    )
