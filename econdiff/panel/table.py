"""The cells of a file as a frame: where its header is, and which rows are no data.

Nothing is read as a number or a date here. What was passed over is said in `notes`.
"""

import codecs
import csv
import gzip
import re
import warnings
import zipfile
import zlib
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from econdiff.panel.cells import is_missing, is_text
from econdiff.panel.dates import looks_like_dates
from econdiff.panel.errors import PanelError

Cells = list[list[object]]
_KINDS = (".csv", ".tsv", ".txt", ".parquet", ".xlsx", ".xls")  # the first three also .gz
_DECIMAL_COMMA = re.compile(r"[+-]?(\d+,\d*|,\d+)([eE][+-]?\d+)?")
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(\.\d{3})+")


@dataclass(frozen=True)
class Table:
    """A frame of raw cells, the FRED-MD codes of its columns, and what was passed over."""

    frame: pd.DataFrame
    codes: dict[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def read_file(path: Path, sheet: str | int | None = None) -> Table:
    """Read a CSV, Parquet or Excel file into raw cells."""
    if not path.is_file():
        raise PanelError(f"there is no file {path}")
    kind = Path(path.name.removesuffix(".gz")).suffix.lower()
    if sheet is not None and kind not in (".xlsx", ".xls"):
        raise PanelError(f"sheet={sheet!r} is for Excel files, {path.name} is none")
    if kind not in _KINDS:
        raise PanelError(f"{path.name} is of no kind that is read; those are {', '.join(_KINDS)}")
    if kind == ".parquet":
        try:
            return Table(pd.read_parquet(path))
        except (OSError, ValueError) as error:
            raise _unread(path, error) from error
    cells, notes = read_cells(path, sheet)
    return _table_of(cells, path.name, notes)


def read_cells(path: Path, sheet: str | int | None = None) -> tuple[Cells, list[str]]:
    """The rows of a CSV or Excel file as they stand there, and which sheet of several they are."""
    try:
        return (
            _excel_cells(path, sheet) if ".xls" in path.suffix.lower() else (_csv_cells(path), [])
        )
    except PanelError:
        raise
    except (OSError, EOFError, ValueError, zlib.error, zipfile.BadZipFile) as error:
        raise _unread(path, error) from error


def _unread(path: Path, error: Exception) -> PanelError:
    return PanelError(f"{path.name} cannot be read: {error}")


def _csv_cells(path: Path) -> Cells:
    raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    lines = _text(raw).splitlines()
    if not lines:
        raise PanelError(f"{path.name} is empty")
    counts = {mark: Counter(line.count(mark) for line in lines[-200:]) for mark in "\t;,"}
    mark = max(counts, key=lambda m: max((n * (k > 0), k) for k, n in counts[m].items()))
    # of two the first: with decimal commas in every cell there are as many commas as semicolons
    rows: Cells = [[cell.strip() for cell in row] for row in csv.reader(lines, delimiter=mark)]
    if mark == ";":
        rows = _decimal_points(rows, path.name)
    return rows


def _text(raw: bytes) -> str:
    """UTF-16 where its mark stands in front, as in Excel's "Unicode text"; else UTF-8, Latin-1."""
    if raw[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return raw.decode("utf-16")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _decimal_points(rows: Cells, name: str) -> Cells:
    """Decimal commas as points, in a file that separates its cells by semicolons.

    Where the comma stands before decimals the point divides thousands, and is refused.
    """
    pointed: Cells = [[_decimal_point(str(cell)) for cell in row] for row in rows]
    if pointed == rows:
        return rows
    for at, row in enumerate(rows, start=1):
        for cell in map(str, row):
            if _THOUSANDS.fullmatch(cell):
                raise PanelError(
                    f"line {at} of {name}: {cell!r} in a file with decimal commas; write "
                    f"{cell.replace('.', '')} if the point divides thousands, and "
                    f"{cell.replace('.', ',')} if it stands before decimals"
                )
    return pointed


def _decimal_point(cell: str) -> str:
    """A decimal comma as a point, before an exponent too."""
    return cell.replace(",", ".") if _DECIMAL_COMMA.fullmatch(cell) else cell


def _excel_cells(path: Path, sheet: str | int | None) -> tuple[Cells, list[str]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of styles and engines: nothing of the numbers
        with pd.ExcelFile(path) as book:
            sheets = book.sheet_names
            chosen = sheets[0] if sheet is None else sheet
            if isinstance(chosen, str) and chosen not in sheets:
                raise PanelError(f"{path.name} has no sheet {sheet!r}; it has {sheets}")
            frame = pd.read_excel(book, sheet_name=chosen, header=None, dtype=object)
    notes = [f"sheet {chosen!r} of {sheets[:8]}"] if len(sheets) > 1 else []
    return frame.astype(object).where(frame.notna(), "").to_numpy().tolist(), notes


def _table_of(rows: Cells, name: str, notes: list[str]) -> Table:
    """Header, data and remarks of the raw rows."""
    filled = [sum(cell != "" for cell in row) for row in rows]
    usual = Counter(n for n in filled if n > 0).most_common(1)
    if not usual or usual[0][0] < 2:
        where = f" ({notes[0]})" if notes else ""
        raise PanelError(
            f"{name}{where} holds no table of two columns or more: one of dates, or names, and "
            "one of numbers"
        )
    top = next(i for i, n in enumerate(filled) if n >= max(2, usual[0][0] - 1))
    if any(filled[:top]):
        notes = [*notes, f"{top} lines above the header left out"]
    if looks_like_dates(pd.Index([rows[top][0]])):
        raise PanelError(
            f"{name} has no names above its columns: the first row begins with the date "
            f"{rows[top][0]}; put a row of names on top"
        )
    names, start = _header(rows, top)
    units: dict[str, str] = {}
    codes: dict[str, int] = {}
    while start < len(rows) and (kind := _row_above_data(rows[start])):
        pairs = [(n, str(c)) for n, c in zip(names, rows[start], strict=False) if str(c).strip()]
        if kind == "codes":
            codes = {n: int(float(code)) for n, code in pairs[1:]}
            notes = [*notes, f"row {rows[start][0]!r} read as FRED-MD's transformation codes"]
        elif kind == "words" and not units:
            units = {n: words.strip("() ") for n, words in pairs}
            notes = [*notes, "the first row below the names read as units"]
        start += 1
    frame = pd.DataFrame(even_rows(rows[start:], len(names), start, name), columns=pd.Index(names))
    frame.attrs["units"] = units
    return Table(frame, codes, tuple(notes))


def _row_above_data(row: list[object]) -> str | None:
    """What a row below the names is, if no data: FRED-MD's codes or factors, or words."""
    first = str(row[0]).strip().lower() if row else ""
    if first.startswith("transform"):
        return "codes"
    if first.startswith("factors"):
        return "factors"
    words = [cell for cell in row if not is_missing(cell)]
    wordy = all(isinstance(cell, str) and is_text(pd.Series([cell])) for cell in words)
    return "words" if words and not first and wordy else None


def _header(rows: Cells, top: int) -> tuple[list[str], int]:
    """Column names and the first row of data; yfinance's three header rows are joined."""
    first = [str(cell) for cell in rows[top]]
    below = [str(cell) for cell in rows[top + 1]] if len(rows) > top + 1 else [""]
    if {first[0], below[0]} != {"Price", "Ticker"}:
        return first, top + 1
    price, ticker = (first, below) if first[0] == "Price" else (below, first)
    one = len(set(ticker[1:])) == 1
    names = [p if one else f"{t} {p}" for p, t in zip(price[1:], ticker[1:], strict=True)]
    has_date_row = len(rows) > top + 2 and not any(str(cell) for cell in rows[top + 2][1:])
    return ["Date", *names], top + 2 + has_date_row


def even_rows(body: Cells, width: int, start: int, name: str) -> Cells:
    """Rows of one `width`, the first of them line `start + 1` of the file `name`.

    Short ones are filled up, blank ones and blank cells beyond it left out.
    """
    even: Cells = []
    for at, row in enumerate(body, start=start + 1):
        if any(cell != "" for cell in row[width:]):
            raise PanelError(
                f"line {at} of {name} has {len(row)} cells and the header {width}; "
                "give every column a name, or mend the line"
            )
        if any(cell != "" for cell in row):
            even.append([*row[:width], *[""] * (width - len(row))])
    return even
