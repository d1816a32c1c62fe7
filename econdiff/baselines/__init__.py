"""The models that an economist would otherwise use: one model a file."""
