"""Looking something up in the documentation: the one tool that is no operation of the hub."""

from __future__ import annotations

from pydantic import BaseModel, Field


class SearchDocumentation(BaseModel):
    """What to look up."""

    query: str = Field(min_length=1, max_length=2000, description="the question, in the words it was asked in", examples=["how do I push with git?"])
