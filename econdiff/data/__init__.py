"""Panels from packages already installed, from services, from snapshots and from files.

    panel, source = load("us-macro")
    panel, source = pull("fred", ["GDPC1", "UNRATE"], freq="Q")

Each loader is a file; each outside failure is a type in `errors`. Nothing is imported
from a service's package until it is asked for.
"""

from econdiff.data.bundled import list_bundled, load_bundled
from econdiff.data.errors import DataError
from econdiff.data.loading import SERVICES, load, pull
from econdiff.data.snapshots import list_snapshots, read_manifest, read_snapshot, read_table
from econdiff.data.source import Source
from econdiff.data.terms import TERMS

__all__ = [
    "SERVICES",
    "TERMS",
    "DataError",
    "Source",
    "list_bundled",
    "list_snapshots",
    "load",
    "load_bundled",
    "pull",
    "read_manifest",
    "read_snapshot",
    "read_table",
]
