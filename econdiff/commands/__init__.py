"""What the command `econdiff` does, one command a file; `econdiff.cli` only parses.

A command takes parsed values and gives back a plain dictionary: what `--json` prints.
Nothing here prints.
"""
