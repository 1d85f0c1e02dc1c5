"""What the planner asks when a request lacks something."""

from models_local.schema import Argument, Tool

_BY_ARGUMENT = {
    "repository": "Which repository do you mean?",
    "path": "Which file do you mean?",
    "content": "What should the file contain?",
    "name": "What name should it have?",
    "query": "What would you like to know?",
}
_BY_TOOL = {
    ("create_repository", "type"): "What should I create: a model, a dataset, a space or a code repository?",
    ("create_repository", "name"): "What should the new repository be called?",
    ("create_branch", "name"): "What should the new branch be called?",
    ("delete_branch", "name"): "Which branch should be deleted?",
    ("create_tag", "name"): "Which name should the tag have, for example v1.0?",
    ("delete_tag", "name"): "Which tag should be deleted?",
    ("create_access_token", "name"): "What should the access token be called, for example laptop?",
    ("revoke_access_token", "name"): "Which access token should be revoked?",
    ("create_user", "name"): "What is the new user's name?",
    ("upload_file", "repository"): "Into which repository should the file go?",
    ("write_file", "path"): "Which file should I write, for example notes.md?",
    ("delete_file", "path"): "Which file should be deleted?",
    ("read_file", "path"): "Which file would you like to see?",
    ("preview_dataset", "repository"): "Which dataset should I show?",
    ("describe_dataset", "repository"): "Which dataset should I describe?",
}
UNCERTAIN = "I am not sure what you mean. Is it one of these?"
NOTHING_TO_REPEAT = "I do not know what that refers to. Please say what should be done, and with which repository."


def question(tool: Tool, missing: str) -> str:
    """The question for the argument that `tool` lacks."""
    if text := _BY_TOOL.get((tool.name, missing)):
        return text
    argument = tool.arguments.get(missing, Argument(missing, {}, True))
    if argument.choices:
        return f"Which {_words(missing)}: {_listed([str(choice) for choice in argument.choices])}?"
    return _BY_ARGUMENT.get(missing) or f"Please give the {_words(missing)} for “{_words(tool.name)}”."


def _words(name: str) -> str:
    return name.replace("_", " ")


def _listed(choices: list[str]) -> str:
    return " or ".join([", ".join(choices[:-1]), choices[-1]]) if len(choices) > 1 else "".join(choices)
