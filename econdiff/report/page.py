"""The report as one HTML file: works from disk, without a network, and prints well.

A `Page` is a title, a few words and sections; a section holds paragraphs, pictures and
tables. Everything that comes from the user's data is escaped; pictures travel inside the
file as SVG images, which run no script.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined, Template


@dataclass(frozen=True)
class Picture:
    """A picture as SVG text; `alt` says in words what it shows, `caption` stands below it."""

    svg: str
    alt: str
    caption: str = ""

    @property
    def source(self) -> str:
        """The picture as a `data:` address."""
        return "data:image/svg+xml;base64," + base64.b64encode(self.svg.encode()).decode()


@dataclass(frozen=True, eq=False)
class Table:
    """A table: its first `heads` columns head the rows.

    Numbers are shown to `digits` significant digits each, or all to as many `decimals`.
    """

    caption: str
    frame: pd.DataFrame
    heads: int = 1
    digits: int = 4
    decimals: int | None = None
    folded: bool = False

    @property
    def rows(self) -> list[list[str]]:
        """Every cell as text."""
        return [
            [shown(value, self.digits, self.decimals) for value in row]
            for row in self.frame.itertuples(index=False, name=None)
        ]

    @property
    def numeric(self) -> list[bool]:
        """Which columns are set flush right."""
        return [pd.api.types.is_numeric_dtype(kind) for kind in self.frame.dtypes]


@dataclass(frozen=True)
class Section:
    """A heading and what stands below it, in this order: text, list, pictures, tables."""

    heading: str
    text: tuple[str, ...] = ()
    points: tuple[str, ...] = ()
    pictures: tuple[Picture, ...] = ()
    tables: tuple[Table, ...] = ()


@dataclass(frozen=True)
class Page:
    """A whole report. `facts` are the short answers at its top, name by name."""

    title: str
    lead: str
    facts: Mapping[str, str]
    sections: tuple[Section, ...]
    manifest: Mapping[str, Any] = field(default_factory=dict)


def render(page: Page) -> str:
    """The page as the text of one HTML file."""
    return _template().render(page=page)


def shown(value: object, digits: int = 4, decimals: int | None = None) -> str:
    """A cell as text: numbers to `digits` significant digits, a minus sign, a dash for NaN."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return str(value)
    if not isinstance(value, float):
        return "–" if value is None or value is pd.NA else str(value)
    if value != value:  # NaN
        return "–"
    if decimals is None and value != 0 and abs(value) < 10.0 ** (1 - digits):
        return f"{value:.2e}".replace("-", "−")
    places = decimals_of(value, digits) if decimals is None else decimals
    return f"{value:,.{places}f}".replace("-", "−")


def decimals_of(value: float, digits: int = 4) -> int:
    """How many decimals show `value` to that many significant digits."""
    return max(0, digits - max(1, len(str(int(abs(value))))))


@cache
def _template() -> Template:
    loader = PackageLoader("econdiff", "report")
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    return environment.get_template("page.html")
