"""From the words of an utterance to the value an argument takes: numbers, durations, licences, names, paths."""

import re

_ONES_IN_ORDER = (
    "zero|no|none;one|a|an|single;two|couple|pair|both;three;four;five;six|half-dozen;seven;eight;nine;ten;eleven;twelve|dozen;"
    "thirteen;fourteen;fifteen;sixteen;seventeen;eighteen;nineteen"
)
_TENS_IN_ORDER = "twenty thirty forty fifty sixty seventy eighty ninety"
_ORDINALS_IN_ORDER = "first 1st;second 2nd;third 3rd;fourth 4th;fifth 5th;sixth 6th;seventh 7th;eighth 8th;ninth 9th;tenth 10th"
ONES = {word: number for number, words in enumerate(_ONES_IN_ORDER.split(";")) for word in words.split("|")}
_TENS = {word: 10 * (number + 2) for number, word in enumerate(_TENS_IN_ORDER.split())}
_SCALES = {"hundred": 100, "thousand": 1000, "million": 1_000_000, "score": 20, "dozen": 12}
_VAGUE = {"few": 3, "handful": 5, "several": 5, "some": 5}
NUMBER_WORDS = frozenset(ONES) | frozenset(_TENS) | frozenset(_SCALES) | frozenset(_VAGUE) | {"half"}
_UNIT_DAYS = {"d": 1, "day": 1, "night": 1, "w": 7, "wk": 7, "week": 7, "fortnight": 14, "mo": 30, "month": 30, "quarter": 90, "y": 365, "yr": 365, "year": 365}
_MIDDLE_CONNECTORS = frozenset({"and", "of", "a"})

LICENSES = {
    "mit": "mit",
    "expat": "mit",
    "apache": "apache-2.0",
    "apache 2": "apache-2.0",
    "apache 2.0": "apache-2.0",
    "asl 2": "apache-2.0",
    "asl 2.0": "apache-2.0",
    "gpl": "gpl-3.0",
    "gpl 2": "gpl-2.0",
    "gpl 2.0": "gpl-2.0",
    "gpl 3": "gpl-3.0",
    "gpl 3.0": "gpl-3.0",
    "gnu gpl": "gpl-3.0",
    "agpl": "agpl-3.0",
    "agpl 3": "agpl-3.0",
    "agpl 3.0": "agpl-3.0",
    "lgpl": "lgpl-3.0",
    "lgpl 2.1": "lgpl-2.1",
    "lgpl 3": "lgpl-3.0",
    "lgpl 3.0": "lgpl-3.0",
    "bsd": "bsd-3-clause",
    "bsd 2": "bsd-2-clause",
    "bsd 3": "bsd-3-clause",
    "bsd 2 clause": "bsd-2-clause",
    "bsd 3 clause": "bsd-3-clause",
    "mpl": "mpl-2.0",
    "mpl 2": "mpl-2.0",
    "mpl 2.0": "mpl-2.0",
    "mozilla": "mpl-2.0",
    "cc by": "cc-by-4.0",
    "cc by 4": "cc-by-4.0",
    "cc by 4.0": "cc-by-4.0",
    "creative commons attribution": "cc-by-4.0",
    "creative commons": "cc-by-4.0",
    "cc by sa": "cc-by-sa-4.0",
    "cc by sa 4.0": "cc-by-sa-4.0",
    "cc by nc": "cc-by-nc-4.0",
    "cc by nc 4.0": "cc-by-nc-4.0",
    "cc0": "cc0-1.0",
    "cc0 1.0": "cc0-1.0",
    "cc 0": "cc0-1.0",
    "public domain": "cc0-1.0",
    "unlicense": "unlicense",
    "the unlicense": "unlicense",
    "openrail": "openrail",
    "open rail": "openrail",
    "isc": "isc",
    "odbl": "odbl-1.0",
    "wtfpl": "wtfpl",
    "proprietary": "other",
}


def parse_number(text: str) -> int | None:
    """The number that digits ("5", "3,000", "10k") or words ("twenty five", "a dozen") stand for."""
    compact = text.strip().lower().replace(",", "").replace("_", "")
    if match := re.fullmatch(r"(\d+)([km])?", compact):
        return int(match[1]) * {"k": 1000, "m": 1_000_000}.get(match[2] or "", 1)
    if match := re.fullmatch(r"(\d+)\D{1,6}", compact):
        return int(match[1])
    words = [word for word in re.split(r"[\s-]+", compact) if word]
    if words[:1] == ["half"]:
        whole = _sum_number_words([word for word in words[1:] if word not in _MIDDLE_CONNECTORS])
        return whole // 2 if whole else None
    if len(words) > 1:
        words = [word for word in words if word not in _MIDDLE_CONNECTORS] or words
    return _sum_number_words(words)


def _sum_number_words(words: list[str]) -> int | None:
    total = current = 0
    if not words:
        return None
    for word in words:
        if word in _SCALES:
            current = max(current, 1) * _SCALES[word]
            if word in ("thousand", "million"):
                total, current = total + current, 0
        elif word in ONES or word in _TENS or word in _VAGUE:
            current += ONES.get(word, _TENS.get(word, _VAGUE.get(word, 0)))
        elif word.isdigit():
            current += int(word)
        else:
            return None
    return total + current


def parse_days(text: str, following: str = "") -> int | None:
    """The days that a duration means: "30", "90d", "two weeks"; `following` is the word after it ("30" + "days")."""
    lower = " ".join(text.lower().split())
    if match := re.fullmatch(r"(\d+)\s*([a-z]+)", lower):
        number: int | None = int(match[1])
        unit = match[2]
    else:
        words = lower.split(" ")
        unit = words[-1]
        if _days_in(unit) is None:
            unit, number = following.lower(), parse_number(lower)
        elif words[0] == "half":
            return (_days_in(unit) or 0) // 2
        else:
            number = parse_number(" ".join(words[:-1])) if words[:-1] else 1
    if number is None:
        return None
    days = _days_in(unit)
    return number * (days if days is not None else 1)


def _days_in(unit: str) -> int | None:
    return _UNIT_DAYS.get(unit) or _UNIT_DAYS.get(unit.rstrip("s.'’"))


def parse_license(text: str) -> str:
    """The SPDX-like id of a licence as people write it; an unknown one is passed on in lower case with hyphens."""
    words = re.sub(r"\b(?:the|an?|licen[cs]ed?|version|under|v(?=\d))\b|v(?=\d)", " ", text.lower())
    key = " ".join(re.sub(r"[-_,/]+|(?<=[a-z])(?=\d)", " ", words).split())
    joined = key.replace("cc 0", "cc0")
    return LICENSES.get(key) or LICENSES.get(joined) or "-".join(text.lower().split())


_LEADING = re.compile(r"^(?:the|my|our|this|that|a|an)\s+", re.IGNORECASE)
_HEAD_NOUN = re.compile(
    r"\s+(?:datasets?|data\s*sets?|models?|spaces?|repos?|repositor(?:y|ies)|project|branch|tag|user|account|token|folder|directory|file)$",
    re.IGNORECASE,
)


def clean_name(text: str) -> str:
    """A name or reference without the words around it: "the iris dataset" -> "iris"; casing is kept."""
    name = text.strip().strip("\"'`“”‘’")
    bare = _HEAD_NOUN.sub("", _LEADING.sub("", name)).strip(" .,:;!?")
    return (bare or name).removeprefix("@")


_TYPE_FOLDERS = {"models", "datasets", "spaces", "codes"}


def clean_repository(text: str) -> str:
    """A repository reference; the address of a page or a clone URL becomes the reference it names."""
    name = clean_name(text)
    if match := re.match(r"(?:(?:https?|ssh|git)://[^/]+/|git@[^:]+:)(.+)$", name):
        parts = [part for part in match[1].removesuffix(".git").split("/") if part]
        length = 3 if parts and parts[0] in _TYPE_FOLDERS else 2
        return "/".join(parts[:length])
    return name.removesuffix("/").removesuffix(".git")


_README = re.compile(r"^(?:the\s+)?(?:read\s*-?me|(?:(?:model|data(?:set)?|repo)\s*)?card|read me file)(?:\s+file)?$", re.IGNORECASE)


def clean_path(text: str) -> str:
    """A path inside a repository; "the readme" and "the card" are README.md."""
    stripped = text.strip().strip("\"'`“”‘’")
    if _README.match(stripped):
        return "README.md"
    return re.sub(r"^(?:the\s+)?(.+?)(?:\s+(?:file|folder|directory|dir))$", r"\1", stripped, flags=re.IGNORECASE)


ORDINALS = {
    word: number
    for number, words in enumerate(_ORDINALS_IN_ORDER.split(";"))
    for word in words.split()
} | {"last": -1, "latter": -1, "bottom": -1, "top": 0, "former": 0}
_ORDINAL = re.compile(
    r"\b(" + "|".join(ORDINALS) + r")\s*(?:one|ones|repo\w*|dataset|model|space|item|result|entry|of (?:them|these|those)|in the list|on the list|branch|tag|file|token|$)\b"
    r"|(?:\bnumber|\bno\.|\bitem|#)\s*(\d{1,2}|one|two|three|four|five)\b",
    re.IGNORECASE,
)


def ordinal_reference(utterance: str) -> int | None:
    """The index (from the front, or -1 for the last) that "the second one" or "number 3" points at."""
    match = _ORDINAL.search(utterance.strip(" .!?"))
    if not match:
        return None
    if match[1]:
        return ORDINALS[match[1].lower()]
    number = parse_number(match[2])
    return number - 1 if number else None
