"""The one way to FRED: paced, patient, and silent about the key.

At most two requests a second; an answer that may be better later (429, 5xx, a
time-out, no connection) is asked for again, at most four tries in all, after the
wait that `Retry-After` names. The key is added to the request here and nowhere
else: no message, URL shown, log, traceback or chained exception holds it.
"""

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from http.client import HTTPException, HTTPResponse
from threading import Lock
from urllib.error import URLError
from urllib.parse import quote, urlencode
from urllib.request import HTTPErrorProcessor, Request, build_opener

from econdiff.data.errors import (
    DataError,
    MissingKeyError,
    NetworkError,
    NetworkTimeoutError,
    RateLimitedError,
    ServiceError,
)

WORTH_ANOTHER_TRY = (429, 500, 502, 503, 504)
LONGEST_WAIT = 90.0  # seconds; a longer Retry-After is told to the user instead


@dataclass(frozen=True, repr=False)
class ApiKey:
    """A key that does not show itself when printed."""

    value: str

    def __repr__(self) -> str:
        return "ApiKey(hidden)"

    @classmethod
    def from_environment(cls, name: str = "FRED_API_KEY") -> "ApiKey":
        """The key in that environment variable."""
        value = os.environ.get(name, "").strip()
        if not value:
            raise MissingKeyError(
                f"FRED needs an API key and the environment variable {name} is empty. "
                "A key is free at https://fred.stlouisfed.org/docs/api/api_key.html; "
                f"then: export {name}=... "
                "Or pull from 'fredgraph', which needs none (no units, no vintages)"
            )
        return cls(value)

    def hide(self, text: str) -> str:
        """`text` without the key, should someone have put it there."""
        for form in {self.value, quote(self.value, safe="")}:
            text = text.replace(form, "(key)")
        return text


@dataclass(frozen=True)
class Reply:
    """An answer: its HTTP status, headers (names in lower case) and text, without the key."""

    status: int
    headers: Mapping[str, str]
    body: str


@dataclass(frozen=True)
class _NoReply:
    """Why there was no answer, in words without the key."""

    error: type[NetworkError]
    reason: str


@dataclass
class Transport:
    """How requests go out. `reroute` sends a host elsewhere (a mirror, a test's server)."""

    timeout: float = 30.0
    per_second: float = 2.0
    tries: int = 4
    reroute: Mapping[str, str] = field(default_factory=dict)
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    _next: float = field(default=0.0, init=False, repr=False)
    _turn: Lock = field(default_factory=Lock, init=False, repr=False)

    def get(self, url: str, params: Mapping[str, str], *, key: ApiKey | None = None) -> Reply:
        """The answer to a GET: a success, or a refusal (4xx) for the caller to explain."""
        host = url.split("/")[2]
        attempt = 1
        while True:
            self._wait_for_turn()
            answer = self._attempt(url, params, key)
            if isinstance(answer, Reply) and answer.status not in WORTH_ANOTHER_TRY:
                return answer
            wait = _seconds_to_wait(answer, attempt)
            if wait > LONGEST_WAIT or attempt == self.tries:
                raise _failure(host, answer, attempt, wait)
            self.sleep(wait)
            attempt += 1

    def _wait_for_turn(self) -> None:
        with self._turn:
            now = self.clock()
            if now < self._next:
                self.sleep(self._next - now)
            self._next = max(now, self._next) + 1 / self.per_second

    def _attempt(self, url: str, params: Mapping[str, str], key: ApiKey | None) -> Reply | _NoReply:
        """One request. What fails comes back as a value, so no exception carries the key out."""
        for here, there in self.reroute.items():
            url = url.replace(here, there, 1)
        hide = key.hide if key else str
        secret = {"api_key": key.value} if key else {}
        query = urlencode({**params, **secret})
        request = Request(f"{url}?{query}", headers={"User-Agent": "econdiff"})
        try:
            with build_opener(_EveryStatus).open(request, timeout=self.timeout) as response:
                headers = {name.lower(): hide(said) for name, said in response.headers.items()}
                body = hide(response.read().decode("utf-8", errors="replace"))
                return Reply(response.status, headers, body)
        except (URLError, HTTPException, OSError) as error:
            cause = error.reason if isinstance(error, URLError) else error
            if isinstance(cause, TimeoutError):
                return _NoReply(NetworkTimeoutError, f"no answer within {self.timeout:g} seconds")
            return _NoReply(NetworkError, hide(f"{type(cause).__name__}: {cause}"))


SHARED = Transport()  # used where none is given, so that its pace holds over all pulls


class _EveryStatus(HTTPErrorProcessor):
    """Hands back every answer as it came: no exception that holds the URL, no redirect."""

    def http_response(self, request: Request, response: HTTPResponse) -> HTTPResponse:
        return response

    https_response = http_response


def _seconds_to_wait(answer: Reply | _NoReply, attempt: int) -> float:
    """What Retry-After says (seconds or a date); else 20, 40, 60 s for a 429, and 1, 2, 4 s."""
    if isinstance(answer, Reply):
        said = answer.headers.get("retry-after", "").strip()
        if said.isdigit():
            return float(said)
        try:
            return max(0.0, parsedate_to_datetime(said).timestamp() - time.time())
        except ValueError:
            pass  # not said, or in a way that cannot be read
        if answer.status == 429:
            return 20.0 * attempt
    return 2.0 ** (attempt - 1)


def _failure(host: str, answer: Reply | _NoReply, tries: int, wait: float) -> DataError:
    times = "once" if tries == 1 else f"{tries} times"
    if isinstance(answer, _NoReply):
        return answer.error(
            f"{host} could not be reached (tried {times}): {answer.reason}. "
            "Check the connection (and the proxy, if you need one), then pull again"
        )
    if answer.status == 429:
        return RateLimitedError(
            f"{host} says there were too many requests (asked {times}). "
            f"Wait {max(wait, 60):.0f} seconds, then pull again, or pull fewer series at once"
        )
    return ServiceError(
        f"{host} answered with HTTP {answer.status} (asked {times}): the fault is on its side. "
        "Pull again later"
    )
