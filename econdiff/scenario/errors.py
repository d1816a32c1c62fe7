"""What is wrong with a scenario, in one message."""


class ScenarioError(ValueError):
    """A scenario that cannot be: contradictory, impossible, or about what is not there."""
