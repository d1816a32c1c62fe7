"""What can go wrong outside, one type a failure. Every message says how to mend it.

DataError
├── MissingKeyError         no API key was given
├── BadKeyError             the service refuses the API key
├── UnknownSeriesError      the service does not have a series or ticker of that name
├── RateLimitedError        the service says: too many requests
├── NetworkError            the service could not be reached
│   └── NetworkTimeoutError it did not answer in time
├── ServiceError            it answered with an error, or with what cannot be read
├── EmptyAnswerError        it answered, but with no values
├── FrequencyError          the series cannot be brought to the frequency asked for
├── UnknownSourceError      no bundled panel, snapshot or file of that name
└── DamagedSnapshotError    a snapshot is not what was written
"""


class DataError(Exception):
    """Data could not be had; nothing was written."""


class MissingKeyError(DataError):
    """No API key was given."""


class BadKeyError(DataError):
    """The service refuses the API key."""


class UnknownSeriesError(DataError):
    """The service does not have a series or ticker of that name."""


class RateLimitedError(DataError):
    """The service says: too many requests."""


class NetworkError(DataError):
    """The service could not be reached."""


class NetworkTimeoutError(NetworkError):
    """The service did not answer in time."""


class ServiceError(DataError):
    """The service answered with an error, or with what cannot be read."""


class EmptyAnswerError(DataError):
    """The service answered, but with no values."""


class FrequencyError(DataError):
    """The series cannot be brought to the frequency asked for."""


class UnknownSourceError(DataError):
    """There is no bundled panel, snapshot or file of that name."""


class DamagedSnapshotError(DataError):
    """A snapshot is not what was written."""
