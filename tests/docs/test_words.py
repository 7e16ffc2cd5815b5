"""No page, message, docstring or comment uses a word that this project has replaced by the field's standard term."""

from __future__ import annotations

import io
import re
import tokenize
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

PROJECT = Path(__file__).resolve().parents[2]
CODE = ("app.py", "chalicelib", "notification", "local", "deploy", "benchmarks", "examples")
PAGES = ("*.md", "*.toml", "*.txt", "Makefile", "docs", "terraform", "examples")
SUFFIXES = (".md", ".toml", ".txt", ".tf", ".hcl", ".tfvars")

INSTEAD = {
    r"doubt\w*": "unconfirmed",
    r"ow(?:ed|es|ing)": "pending occurrence",
    r"accounted for": "has an outcome",
    r"(?:made|make|makes|making) up for": "catch up",
    r"put off": "postpone",
    r"cut short": "interrupted",
    r"on (?:its|their) way": "being applied",
    r"dead letters?(?! queue)": "dead-letter message",
    r"clockface": "formatting",
    r"verdicts?|evidence": "diagnosis, facts",
    r"mend(?:s|ed|ing)?": "fix, repair",
    r"stor(?:y|ies)": "history",
    r"(?<!clock/)journeys?": "clock advance",
    r"sandbox(?:es)?(?= (?:process|of the function))": "execution environment",
    r"(?:goes|go|going|went) on": "continue",
    r"stands?(?! for| in for)|stood(?! for| in for)|standing": "is, is valid",
    r"lives": "is",
    r"tells?|told|telling": "print, log, say",
    r"anew": "again",
    r"(?:his|her) own|(?<!-)he|she|him|himself": "they, their",
    r"somebody|nobody|whoever": "client, operator, user",
    r"woken|wakes?|waking": "resume automatically",
    r"rests": "reschedule the watch",
    r"(?<![-/\"`])mails?(?![-\"`])(?! programs)": "email",
    r"rights": "permissions",
    r"swept": "sweep finished",
}
NAME = re.compile(r"[\"']\w+[\"']")
"""A string of one word: a stored attribute, such as `owed`, keeps its name."""
OLD = re.compile(r"\b(?:" + "|".join(INSTEAD) + r")\b", re.IGNORECASE)


def words_of(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.splitlines(), 1):
        yield from ((number, found) for found in OLD.findall(line))


def texts_of(code: str) -> str:
    """Comments and strings of Python code, each in its line, without names of code and strings that are a name."""
    lines = [""] * (code.count("\n") + 2)
    inside_format = (getattr(tokenize, "FSTRING_MIDDLE", -1), tokenize.STRING, tokenize.COMMENT)
    for token in tokenize.generate_tokens(io.StringIO(code).readline):
        if token.type in inside_format and not NAME.fullmatch(token.string):
            for offset, line in enumerate(token.string.splitlines()):
                lines[token.start[0] - 1 + offset] += " " + line
    return "\n".join(lines)


def pages() -> list[Path]:
    found = [path for pattern in PAGES for path in PROJECT.glob(pattern)]
    files = [path for root in found for path in (root.rglob("*") if root.is_dir() else [root])]
    return sorted({path for path in files if _is_page(path)})


def _is_page(path: Path) -> bool:
    is_text = path.suffix in SUFFIXES or path.name == "Makefile"
    return path.is_file() and is_text and ".terraform" not in path.parts


def modules() -> list[Path]:
    roots = [PROJECT / name for name in CODE]
    return sorted(path for root in roots for path in (root.rglob("*.py") if root.is_dir() else [root]))


def faults(path: Path) -> list[str]:
    text = path.read_text()
    return [
        f"{path.relative_to(path.anchor)}:{line}: {word}"
        for line, word in words_of(texts_of(text) if path.suffix == ".py" else text)
    ]


def test_pages_and_code_use_standard_terms() -> None:
    assert [fault for path in [*pages(), *modules()] for fault in faults(path)] == []


def test_a_replaced_word_is_found_in_texts_and_not_in_names(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text('def owed():\n    """What is owed."""\n    return "nobody knows", "owed"  # it stands\n')

    assert [fault.rsplit(":", 2)[1:] for fault in faults(module)] == [
        ["2", " owed"],
        ["3", " nobody"],
        ["3", " stands"],
    ]
