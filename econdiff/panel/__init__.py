"""Panels: one row a period, one column a series, NaN where nothing is known.

panel = read_panel("gdp.csv")
print(describe_panel(panel))
"""

from econdiff.panel.checks import check_panel, check_rows
from econdiff.panel.description import describe_panel
from econdiff.panel.errors import PanelError
from econdiff.panel.reading import read_panel

__all__ = ["PanelError", "check_panel", "check_rows", "describe_panel", "read_panel"]
