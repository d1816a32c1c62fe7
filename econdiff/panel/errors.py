"""The one way in which a panel is refused."""


class PanelError(ValueError):
    """The table is no panel; the message says which series and date, and how to mend it."""
