"""A page as JSON text, from which it can be shown again without what it was made of."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import pandas as pd

from econdiff.report.page import Page, Picture, Section, Table

KINDS = {"b": "bool", "i": "int64", "u": "int64", "f": "float64"}  # of numpy; the rest is text


def page_text(page: Page) -> str:
    """All of a page but its manifest, which stands beside it."""
    sections = [
        asdict(Section(one.heading, one.text, one.points, one.pictures))
        | {"tables": [_stored(table) for table in one.tables]}
        for one in page.sections
    ]
    told = {"title": page.title, "lead": page.lead, "facts": dict(page.facts)}
    return json.dumps(told | {"sections": sections}, ensure_ascii=False, allow_nan=False) + "\n"


def page_of(text: str, manifest: Mapping[str, Any]) -> Page:
    """The page that `page_text` wrote."""
    told = json.loads(text)
    sections = tuple(
        Section(
            one["heading"],
            tuple(one["text"]),
            tuple(one["points"]),
            tuple(Picture(**picture) for picture in one["pictures"]),
            tuple(_table(table) for table in one["tables"]),
        )
        for one in told["sections"]
    )
    return Page(told["title"], told["lead"], told["facts"], sections, manifest)


def _stored(table: Table) -> dict[str, Any]:
    frame = table.frame
    columns = [
        {
            "name": str(name),
            "kind": KINDS.get(kind.kind, "object"),
            "cells": [_cell(value) for value in frame.iloc[:, place]],
        }
        for place, (name, kind) in enumerate(frame.dtypes.items())
    ]
    about = {"caption": table.caption, "heads": table.heads, "digits": table.digits}
    about |= {"decimals": table.decimals, "folded": table.folded}
    return about | {"columns": columns}


def _cell(value: Any) -> Any:
    """Numbers and words as they are, what is not known as null, all else as its text."""
    value = value.item() if hasattr(value, "item") else value
    if value is None or value is pd.NA or (isinstance(value, float) and value != value):
        return None
    return value if isinstance(value, bool | int | float | str) else str(value)


def _table(stored: dict[str, Any]) -> Table:
    columns = stored.pop("columns")
    made = [pd.Series(one["cells"], dtype=one["kind"]) for one in columns]
    frame = pd.concat(made, axis=1) if made else pd.DataFrame()
    return Table(frame=frame.set_axis([one["name"] for one in columns], axis=1), **stored)
