"""What a command has to say."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Answer:
    """`facts` are printed by `--json`, `words` otherwise; `code` is the exit code."""

    facts: dict[str, Any]
    words: str
    code: int = 0
