"""What is wrong with a panel of entities, said so that it can be mended."""


class SynthError(ValueError):
    """The panel or the request cannot be used as it is."""
