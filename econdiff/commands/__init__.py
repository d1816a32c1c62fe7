"""What the command `econdiff` does; `econdiff.cli` only parses.

`risk.py`, `forecast.py`, ... hold one command each, or a pair, and give back an `Answer`; the other
files are read by them. Nothing here prints.
"""
