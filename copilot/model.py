"""Which model the Copilot thinks with: the shipped one, a GGUF file, or an OpenAI-compatible endpoint."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from langchain_core.language_models import BaseChatModel

from hub_core.errors import ModelUnavailable
from hub_core.settings import Settings

ANSWER_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Model:
    """A chat model, the exceptions with which it says that it cannot answer now, and how many characters of a conversation it can read."""

    chat: BaseChatModel
    failures: tuple[type[Exception], ...] = ()
    memory: int = 30_000


def load_model(settings: Settings) -> Model:
    """The model the settings choose. Blocks while files are read; raises `ModelUnavailable` when it cannot be used."""
    choice = settings.llm
    if choice is None:
        from models_local.chat_model import LocalChatModel  # noqa: PLC0415  # heavy, and needed by this choice only

        return Model(LocalChatModel.load())
    if choice.startswith(("http://", "https://")):
        return _endpoint(settings, choice)
    if choice.lower().endswith(".gguf"):
        from models_local.generative import GenerativeChatModel  # noqa: PLC0415

        # llama.cpp raises ValueError for a conversation that is longer than the model's context.
        return Model(GenerativeChatModel.load(Path(choice)), failures=(ValueError,), memory=8_000)
    raise ModelUnavailable(
        f"HUBPILOT_LLM is {choice!a}, which is neither a path to a .gguf file nor an http(s) address.",
        hint="Leave it unset for the shipped model.",
    )


def _endpoint(settings: Settings, url: str) -> Model:
    from langchain_openai import ChatOpenAI  # noqa: PLC0415  # heavy, and needed by this choice only
    from openai import OpenAIError  # noqa: PLC0415

    key = settings.llm_api_key.get_secret_value() if settings.llm_api_key else "none"
    chat = ChatOpenAI(
        base_url=url, api_key=lambda: key, model=settings.llm_name, timeout=ANSWER_SECONDS, max_retries=2, use_responses_api=False
    )
    return Model(chat, failures=(OpenAIError,))
