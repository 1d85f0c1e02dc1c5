"""Values that fill the slots of phrase templates: names, references, paths, numbers and texts, many and varied.

Each pool is split by value: one in six is kept for held-out phrases, so that the score is measured on names the model
never met.
"""

import random
from collections.abc import Callable, Sequence
from hashlib import sha256

from models_local.training import wordlists as words

LICENSE_WORDS = words.split_phrases(
    "MIT|the MIT license|mit license|Apache 2|Apache 2.0|apache-2.0|Apache License 2.0|apache|GPL|GPLv3|gpl-3.0|GPL 3|AGPL|agpl-3.0|LGPL|bsd-3-clause|BSD|BSD 3-clause"
    "|CC BY 4.0|cc-by-4.0|cc-by-sa-4.0|CC-BY-SA|cc-by-nc-4.0|CC0|cc0-1.0|public domain|MPL 2.0|mpl-2.0|openrail|creative commons|unlicense|isc|odbl|llama3.1|gemma|proprietary"
)
TYPE_WORDS = {
    "model": ("model", "models", "ML model", "model repo", "model repository"),
    "dataset": ("dataset", "datasets", "data set", "data sets", "dataset repo", "dataset repository", "data-set"),
    "space": ("space", "spaces", "space repo", "space repository"),
    "code": ("code repo", "code repository", "code", "code repos", "code repositories", "code project"),
}
NUMBER_WORDS = words.split_phrases(
    "two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|fifty|hundred"
    "|a hundred|twenty five|twenty-five|a dozen|a couple|a couple of|two dozen|half a dozen"
)
_DURATIONS = ("30 days", "90 days", "a week", "one week", "two weeks", "2 weeks", "a month", "three months", "6 months", "a year", "1 year", "90d", "one day", "ten days", "half a year")


class Filler:
    """Draws values for slots; `held_out` decides from which share of the pools."""

    def __init__(self, rng: random.Random, plain_words: Sequence[str], *, held_out: bool = False) -> None:
        self._rng = rng
        self._held_out = held_out
        self._plain = self._share(plain_words)
        self._topics = self._share(words.TOPICS)
        self._known = self._share(words.KNOWN_NAMES)
        self._common = words.COMMON_NAMES
        self._people = self._share(words.PEOPLE)
        self._files = self._share(words.FILES)
        self._folders = self._share(words.FOLDERS)

    def _share(self, pool: Sequence[str]) -> list[str]:
        return [value for value in pool if (int(sha256(value.encode()).hexdigest(), 16) % 6 == 0) == self._held_out]

    def value(self, slot: str, tool: str) -> str:
        """A value for `slot` as said to `tool`; the text may have several words."""
        makers: dict[str, Callable[[], str]] = {
            "repository": self.repository,
            "path": self.path,
            "file": self.path,
            "revision": self.revision,
            "search": self.search,
            "tag": lambda: self._pick(words.TASK_TAGS),
            "description": self.description,
            "content": self.content,
            "message": self.message,
            "owner": self.person,
            "user": self.person,
            "license": lambda: self._pick(LICENSE_WORDS),
            "rows": self.number,
            "limit": self.number,
            "expires_in_days": self.number,
        }
        if slot == "name":
            return self._name(tool)
        if slot == "search" and tool == "list_users":
            return self.person()
        if slot == "path" and tool == "list_files":
            return self.folder()
        if slot == "path" and tool == "upload_file" and self._rng.random() < 0.5:
            return self.folder()
        return makers[slot]() if slot in makers else self._pick(self._plain)

    def _pick(self, pool: Sequence[str]) -> str:
        return self._rng.choice(pool)

    def _name(self, tool: str) -> str:
        if "branch" in tool:
            return self.branch()
        if "tag" in tool:
            return self.version()
        if "token" in tool:
            return self.label()
        return self.person() if "user" in tool else self.repository(creating=True)

    def bare_name(self) -> str:
        """A repository name without namespace: an ordinary word, a known name, or words joined."""
        draw = self._rng.random()
        if draw < 0.06:
            return self._case(self._invented())
        if draw < 0.3:
            return self._case(self._pick(self._plain))
        if draw < 0.36:
            return self._pick(self._common)
        if draw < 0.55:
            return self._pick(self._known)
        return self._joined()

    def _invented(self) -> str:
        """A word that is in no list: two or three syllables."""
        return "".join(self._pick(words.SYLLABLES) for _ in range(self._rng.choice((2, 2, 3))))

    def _joined(self) -> str:
        first, second = self._pick(self._topics), self._pick([*self._topics, *self._plain[:800]])
        separator = self._pick(("-", "-", "_", "_", ".", ""))
        first, second = first.replace(" ", separator), second.replace(" ", separator)
        name = separator.join((first, second)) if separator else first.capitalize() + second.capitalize()
        draw = self._rng.random()
        if draw < 0.35:
            name += (separator or "-") + self._pick(("2024", "v2", "small", "base", "test", "7b", "final", "en", "2023-11", "q4", "1", "raw", "XL", "large", "demo", "old"))
        return self._case(name)

    def _case(self, name: str) -> str:
        draw = self._rng.random()
        return name.upper() if draw < 0.05 else name.title() if draw < 0.15 else name

    def repository(self, *, creating: bool = False) -> str:
        """A repository reference: bare, with its namespace, with its type folder, or as address."""
        name = self.bare_name()
        draw = self._rng.random()
        if draw < (0.8 if creating else 0.6):
            return name
        owned = f"{self.person(plain=True)}/{name}"
        if creating or draw < 0.88:
            return owned
        folder = self._pick(("models", "datasets", "spaces", "codes"))
        return f"{folder}/{owned}" if draw < 0.97 else f"https://hub.{self._pick(self._plain)}.org/{folder}/{owned}"

    def person(self, *, plain: bool = False) -> str:
        """A user name."""
        name = self._pick(self._people) if self._rng.random() < 0.6 else self._invented()
        draw = self._rng.random()
        if plain or draw < 0.65:
            return name if draw < 0.8 else f"{name}{self._pick(('-lab', '_ai', '42', '.dev', '-team'))}"
        if draw < 0.8:
            return name.capitalize()
        if draw < 0.87:
            return "@" + name
        return f"{name}{self._pick(('-', '.', '_'))}{self._pick(self._people)}" if draw < 0.95 else self._pick(self._plain)

    def path(self) -> str:
        """A file path."""
        name = self._pick(self._files)
        if self._rng.random() < 0.3:
            name = f"{self._pick([*self._topics, *self._plain[:800]]).replace(' ', '_')}.{self._pick(words.EXTENSIONS)}"
        return f"{self.folder().rstrip('/')}/{name}" if self._rng.random() < 0.25 else name

    def folder(self) -> str:
        """A folder, sometimes with a slash behind it."""
        folder = self._pick(self._folders) if self._rng.random() < 0.65 else self._pick(self._plain)
        return folder + "/" if self._rng.random() < 0.3 else folder

    def branch(self) -> str:
        """A branch name."""
        draw = self._rng.random()
        if draw < 0.35:
            return self._pick(words.BRANCHES)
        if draw < 0.6:
            return f"{self._pick(('feature', 'fix', 'hotfix', 'bugfix', 'release', 'user', 'exp', 'wip'))}/{self._pick([*self._topics, *self._plain[:800]]).replace(' ', '-')}"
        return self._joined() if draw < 0.8 else self._pick(self._plain)

    def version(self) -> str:
        """The name of a tag."""
        draw = self._rng.random()
        number = self._rng.randint
        if draw < 0.3:
            return f"v{number(0, 12)}"
        if draw < 0.6:
            return f"{self._pick(('v', ''))}{number(0, 9)}.{number(0, 20)}" + (f".{number(0, 9)}" if draw < 0.5 else "") + ("-rc1" if draw < 0.33 else "")
        if draw < 0.72:
            return f"20{number(19, 29)}-{self._pick(('Q1', 'Q2', 'Q3', 'Q4', '01', '06', '12', '03-15'))}"
        return self._pick(words.TAG_NAMES) if draw < 0.88 else self._pick(self._plain)

    def revision(self) -> str:
        """A branch, a tag, or a commit hash."""
        draw = self._rng.random()
        if draw < 0.2:
            return "main"
        if draw < 0.5:
            return self.branch()
        if draw < 0.75:
            return self.version()
        digest = sha256(str(self._rng.random()).encode()).hexdigest()
        return digest[: self._rng.choice((7, 8, 10, 40))] if draw < 0.95 else self._pick(("HEAD", "HEAD~1", "master"))

    def label(self) -> str:
        """The label of an access token."""
        draw = self._rng.random()
        return self._pick(words.LABELS) if draw < 0.45 else self._pick(self._plain) if draw < 0.65 else self._joined()

    def number(self) -> str:
        """A count, in digits or words."""
        if self._rng.random() < 0.7:
            return str(self._rng.choice((self._rng.randint(2, 30), self._rng.choice((5, 10, 20, 25, 50, 90, 100)))))
        return self._pick(NUMBER_WORDS)

    def duration(self) -> str:
        """A time span with its unit."""
        return self._pick(_DURATIONS)

    def search(self) -> str:
        """What somebody looks for."""
        draw = self._rng.random()
        if draw < 0.4:
            return self._pick(self._topics)
        if draw < 0.6:
            return f"{self._pick(words.ADJECTIVES)} {self._pick(self._topics)}"
        return self._pick(self._known) if draw < 0.75 else f"{self._pick(self._topics)} {self._pick(words.NOUNS)}" if draw < 0.9 else self._pick(self._plain)

    def description(self) -> str:
        """A sentence or half of one about a repository."""
        topic, noun = self._pick(self._topics), self._pick(words.NOUNS)
        adjective = self._pick(words.ADJECTIVES)
        return self._pick(
            (
                f"{adjective} {topic} {noun}", f"{noun} for {topic}", f"A {adjective} {noun} about {topic}.", f"{topic} {noun} from {self._rng.randint(1990, 2025)}",
                f"{topic} experiments", f"Cleaned {topic} data, {adjective}", f"Everything we know about {topic}", f"this is a {adjective} {noun}", f"trained on {topic} {noun}",
                f"fine-tuned for {topic}", f"{adjective} baseline", f"our {topic} {noun}, do not share", f"{topic}", f"{noun} collected by {self._pick(self._people)} in the field",
                f"{adjective}, {self._pick(words.ADJECTIVES)} and {self._pick(words.ADJECTIVES)}", f"used by the {topic} team", f"do not delete, needed for {topic}",
            )
        )

    def content(self) -> str:
        """What a small file may hold."""
        topic = self._pick(self._topics)
        return self._pick(
            (
                "hello world", "Hello, world!", f"# {topic.title()}", f"{self.number()}", f"seed: {self._rng.randint(1, 99)}", f"batch_size={self._rng.randint(1, 64)}", "print('hi')",
                "a,b,c", "*.bin filter=lfs diff=lfs merge=lfs -text", f"This {self._pick(words.NOUNS)} is about {topic}.", "numpy pandas torch", "{}", "[]", "true", self.description(),
                f"license: {self._pick(LICENSE_WORDS)}", f"learning_rate: 0.{self._rng.randint(1, 99):03d}", "work in progress", "do not use", f"maintained by {self._pick(self._people)}",
                f"import {self._pick(self._plain)}", f"{self._pick(self._plain)}", "__pycache__/", "MIT", f"todo {self._pick(words.VERBS)} the {self._pick(words.OBJECTS)}", "torch==2.4.0", "FROM python:3.11",
            )
        )

    def message(self) -> str:
        """A commit message."""
        verb, thing = self._pick(words.VERBS), self._pick(words.OBJECTS)
        return self._pick(
            (
                f"{verb} {thing}", f"{verb.capitalize()} the {thing}", f"{verb} {self._pick(words.ADJECTIVES)} {thing}", f"{thing} {verb}", "initial commit", "wip", "cleanup", f"{self._pick(self._topics)} update",
                f"final {thing}", f"first {self._pick(words.ADJECTIVES)} release", f"{verb} {thing} for {self._pick(self._topics)}", "oops", f"as asked by {self._pick(self._people)}", f"{verb} {thing} and {self._pick(words.OBJECTS)}",
            )
        )
