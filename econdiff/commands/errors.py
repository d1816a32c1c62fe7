"""What is told to the user in one line."""


class UsageError(ValueError):
    """The command was asked for something that cannot be; exit code 2."""
