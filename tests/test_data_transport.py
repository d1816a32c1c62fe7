"""The transport: its pace, its patience and what it says when that runs out."""

import time
from email.utils import formatdate

import pytest
from data_service import Answer, Service

from econdiff.data import errors
from econdiff.data.transport import Transport

URL = "https://api.stlouisfed.org/fred/series"


class Clock:
    """Time that passes only in sleep."""

    def __init__(self):
        self.now, self.slept = 1000.0, []

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def script():
    """Answers to give, in order; the last one again and again."""
    return [Answer(200, "fine")]


@pytest.fixture
def service(script):
    def answer(asked):
        return script.pop(0) if len(script) > 1 else script[0]

    with Service(answer).running() as running:
        yield running


@pytest.fixture
def transport(service, clock):
    host = {"https://api.stlouisfed.org": service.url}
    return Transport(timeout=5, reroute=host, clock=clock, sleep=clock.sleep)


def test_at_most_two_requests_leave_in_a_second(transport, clock):
    times = []
    for _ in range(5):
        transport.get(URL, {})
        times.append(clock.now)
    assert times == [1000.0, 1000.5, 1001.0, 1001.5, 1002.0]


def test_a_rest_between_requests_counts(transport, clock):
    transport.get(URL, {})
    clock.now += 10
    transport.get(URL, {})
    assert clock.slept == []


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_retry_after_is_kept_to(transport, clock, script, service, status):
    script[:] = [Answer(status, "", {"Retry-After": "7"})] * 2 + [Answer(200, "fine")]
    assert transport.get(URL, {}).body == "fine"
    assert clock.slept == [7, 7]
    assert len(service.asked) == 3


def test_retry_after_may_be_a_date(transport, clock, script):
    in_half_a_minute = formatdate(time.time() + 30, usegmt=True)
    script[:] = [Answer(429, "", {"Retry-After": in_half_a_minute}), Answer(200, "fine")]
    transport.get(URL, {})
    assert clock.slept[0] == pytest.approx(30, abs=2)


def test_after_four_tries_it_gives_up_and_says_how_long_to_wait(transport, clock, script, service):
    script[:] = [Answer(429, "Too Many Requests")]
    with pytest.raises(errors.RateLimitedError, match=r"asked 4 times.*Wait 80 seconds"):
        transport.get(URL, {})
    assert len(service.asked) == 4
    assert clock.slept == [20, 40, 60]


def test_a_wait_of_an_hour_is_left_to_the_user(transport, clock, script, service):
    script[:] = [Answer(429, "", {"Retry-After": "3600"})]
    with pytest.raises(errors.RateLimitedError, match=r"asked once.*Wait 3600 seconds"):
        transport.get(URL, {})
    assert len(service.asked) == 1
    assert clock.slept == []


def test_a_broken_service_is_not_the_users_fault(transport, clock, script):
    script[:] = [Answer(503)]
    with pytest.raises(errors.ServiceError, match=r"HTTP 503 \(asked 4 times\)"):
        transport.get(URL, {})
    assert clock.slept == [1, 2, 4]


def test_a_refusal_is_not_asked_again(transport, script, service):
    script[:] = [Answer(400, "no")]
    assert transport.get(URL, {}).status == 400
    assert len(service.asked) == 1


def test_a_slow_service_times_out(transport, script, service):
    script[:] = [Answer(200, "late", delay=5)]
    transport.timeout, transport.tries = 0.1, 2
    with pytest.raises(errors.NetworkTimeoutError, match=r"tried 2 times.*within 0.1 seconds"):
        transport.get(URL, {})


def test_no_connection_is_a_network_error(clock):
    nowhere = {"https://api.stlouisfed.org": "http://127.0.0.1:1"}
    transport = Transport(reroute=nowhere, clock=clock, sleep=clock.sleep)
    with pytest.raises(errors.NetworkError, match=r"api.stlouisfed.org could not be reached"):
        transport.get(URL, {})


def test_an_answer_cut_short_is_asked_for_again(transport, clock, script, service):
    script[:] = [Answer(200, "half", {"Content-Length": "100"}), Answer(200, "whole")]
    assert transport.get(URL, {}).body == "whole"


def test_pulls_that_are_given_no_transport_share_one_pace():
    from econdiff.data import alfred, fred, fredgraph

    assert alfred.SHARED is fred.SHARED is fredgraph.SHARED
    assert (alfred.SHARED.per_second, alfred.SHARED.tries) == (2, 4)
