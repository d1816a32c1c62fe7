"""A local HTTP server that answers in the shapes of FRED and Yahoo Finance, with made-up values."""

import json
import threading
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, unquote, urlsplit
from xml.sax.saxutils import quoteattr

KEY = "0123456789abcdef0123456789abcdef"
STILL = "9999-12-31"


@dataclass
class Answer:
    status: int = 200
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0  # seconds


@dataclass
class Asked:
    path: str
    query: dict[str, str]


class Service:
    """A server on loopback; `answer` makes its answers, `asked` keeps the requests."""

    def __init__(self, answer: Callable[[Asked], Answer]):
        self.answer, self.asked = answer, []
        self.stopping = threading.Event()
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                parts = urlsplit(self.path)
                asked = Asked(unquote(parts.path), dict(parse_qsl(parts.query)))
                service.asked.append(asked)
                answer = service.answer(asked)
                service.stopping.wait(answer.delay)
                body = answer.body.encode()
                try:
                    self.send_response(answer.status)
                    for name, value in answer.headers.items():
                        self.send_header(name, value)
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)
                except (BrokenPipeError, ConnectionResetError):
                    pass  # the client had enough of waiting

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    @contextmanager
    def running(self):
        thread = threading.Thread(target=self.server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield self
        finally:
            self.stopping.set()
            self.server.shutdown()
            self.server.server_close()
            thread.join()


def info(series_id, frequency="Monthly", units="Percent", adjusted="Seasonally Adjusted"):
    short = "W" if frequency.startswith("Weekly") else frequency[0]
    return {
        "id": series_id,
        "realtime_start": "2024-06-28",
        "realtime_end": "2024-06-28",
        "title": f"Made-up series {series_id}",
        "observation_start": "2020-01-01",
        "observation_end": "2020-12-01",
        "frequency": frequency,
        "frequency_short": short,
        "units": units,
        "units_short": units,
        "seasonal_adjustment": adjusted,
        "last_updated": "2024-06-28 07:46:01-05",
        "popularity": "50",
    }


@dataclass
class FakeFred:
    """Series by id, each its info and its lives `(date, known from, known until, value)`."""

    infos: dict[str, dict] = field(default_factory=dict)
    lives: dict[str, list[tuple[str, str, str, str]]] = field(default_factory=dict)
    faults: list[Answer] = field(default_factory=list)  # given first, one a request
    page: int = 100_000
    today: str = "2024-06-28"

    def add(self, series_id, values, **about):
        """A series that was never revised: `values` by date as FRED writes them."""
        self.infos[series_id] = info(series_id, **about)
        self.lives[series_id] = [(d, "2000-01-01", STILL, v) for d, v in values.items()]

    def __call__(self, asked: Asked) -> Answer:
        if self.faults:
            return self.faults.pop(0)
        if asked.path == "/graph/fredgraph.csv":
            return self.csv(asked.query["id"])
        json_asked = asked.query.get("file_type") == "json"
        refused = self.refusal(asked.query)
        if refused:
            if json_asked:
                return Answer(400, json.dumps({"error_code": 400, "error_message": refused}))
            return Answer(
                400, f'<?xml version="1.0"?>\n<error code="400" message={quoteattr(refused)} />'
            )
        found = getattr(self, asked.path.removeprefix("/fred/").replace("/", "_"))(asked.query)
        if isinstance(found, Answer):
            return found
        return Answer(200, json.dumps(found) if json_asked else xml(found))

    def refusal(self, query):
        if "api_key" not in query:
            return "Bad Request.  Variable api_key is not set."
        if query["api_key"] != KEY:
            return (
                "Bad Request.  The value for variable api_key is not registered.  "
                "Read http://api.stlouisfed.org/api_key.html for more information."
            )
        if query["series_id"] not in self.infos:
            return "Bad Request.  The series does not exist."
        return None

    def series(self, query):
        return {"seriess": [self.infos[query["series_id"]]]}

    def series_vintagedates(self, query):
        dates = sorted({known for _, known, _, _ in self.lives[query["series_id"]]})
        return self.paged(query, "vintage_dates", dates)

    def series_observations(self, query):
        first = query.get("realtime_start", self.today)
        last = query.get("realtime_end", self.today)
        lives = self.lives[query["series_id"]]
        vintages = {known for _, known, _, _ in lives if first <= known <= last}
        if len(vintages) > 2000:
            said = (
                f"Bad Request.  There are {len(vintages)} vintage dates in the specified real-time "
                "period.  This exceeds the maximum number of vintage dates allowed (2000)."
            )
            return Answer(400, json.dumps({"error_code": 400, "error_message": said}))
        rows = [
            {
                "realtime_start": max(known, first),
                "realtime_end": min(until, last),
                "date": day,
                "value": value,
            }
            for day, known, until, value in sorted(lives)
            if known <= last
            and until >= first
            and query.get("observation_start", "") <= day <= query.get("observation_end", STILL)
        ]
        return self.paged(query, "observations", rows)

    def paged(self, query, name, rows):
        offset = int(query.get("offset", 0))
        page = rows[offset : offset + self.page]
        return {"count": len(rows), "offset": offset, "limit": self.page, name: page}

    def csv(self, series_id):
        if series_id not in self.lives:
            return Answer(404, "<!DOCTYPE html><title>404</title>")
        rows = [
            f"{day},{'' if value == '.' else value}"
            for day, _, until, value in self.lives[series_id]
            if until == STILL
        ]
        return Answer(200, "\n".join([f"observation_date,{series_id}", *rows, ""]))


def xml(found):
    """The same answer as FRED writes it in XML: one element a row, all in attributes."""
    (name, rows) = next((k, v) for k, v in found.items() if isinstance(v, list))
    child = {"seriess": "series", "observations": "observation"}[name]
    lines = [
        f"<{child} {' '.join(f'{k}={quoteattr(str(v))}' for k, v in row.items())}/>" for row in rows
    ]
    return (
        f'<?xml version="1.0" encoding="utf-8" ?>\n<{name}>\n' + "\n".join(lines) + f"\n</{name}>"
    )


@dataclass
class FakeYahoo:
    """Tickers by name, each a dict of days and columns as in `add`; None is a null."""

    tickers: dict[str, dict] = field(default_factory=dict)
    faults: dict[str, Answer] = field(default_factory=dict)  # by ticker

    def add(self, ticker, days, adjusted, **more):
        """Daily bars; `closes` and `volume` default to the adjusted closes and to 1000 a day."""
        closes = more.pop("closes", adjusted)
        volume = more.pop("volume", [1000] * len(days))
        self.tickers[ticker] = dict(
            days=[_seconds(day) for day in days],
            adjusted=adjusted,
            closes=closes,
            volume=volume,
            **more,
        )

    def __call__(self, asked: Asked) -> Answer:
        if "/v8/finance/chart/" not in asked.path:
            return Answer(200, "made-up-crumb") if "crumb" in asked.path else Answer(404)
        ticker = asked.path.rsplit("/", 1)[1]
        if ticker in self.faults and "period1" in asked.query:
            return self.faults[ticker]
        if ticker not in self.tickers:
            error = {"code": "Not Found", "description": "No data found, symbol may be delisted"}
            return Answer(404, json.dumps({"chart": {"result": None, "error": error}}))
        chart = {"result": [self.chart(ticker, asked.query)], "error": None}
        return Answer(200, json.dumps({"chart": chart}))

    def chart(self, ticker, query):
        about = self.tickers[ticker]
        first, last = int(query.get("period1", 0)), int(query.get("period2", 2**40))
        rows = [n for n, second in enumerate(about["days"]) if first <= second < last]
        meta = {
            "currency": about.get("currency", "USD"),
            "symbol": ticker,
            "instrumentType": about.get("type", "EQUITY"),
            "exchangeTimezoneName": "America/New_York",
            "timezone": "EST",
            "gmtoffset": -18000,
            "firstTradeDate": about["days"][0],
            "regularMarketTime": about["days"][-1],
            "longName": f"Made-up company {ticker}",
            "priceHint": 2,
            "dataGranularity": "1d",
            "range": "",
            "validRanges": ["1d", "5d", "1mo", "1y", "max"],
        }
        if not rows:  # as Yahoo does: no timestamp at all
            return {"meta": meta, "indicators": {"quote": [{}]}}
        picked = {
            name: [about[name][n] for n in rows]
            for name in ("days", "closes", "adjusted", "volume")
        }
        quote = dict.fromkeys(("open", "high", "low", "close"), picked["closes"])
        quote["volume"] = picked["volume"]
        indicators = {"quote": [quote]}
        if about.get("adjclose", True):
            indicators["adjclose"] = [{"adjclose": picked["adjusted"]}]
        events = {
            "dividends": {
                str(_seconds(day)): {"amount": amount, "date": _seconds(day)}
                for day, amount in about.get("dividends", {}).items()
            }
        }
        return {
            "meta": meta,
            "timestamp": picked["days"],
            "events": events,
            "indicators": indicators,
        }


def _seconds(day):
    """Half past nine in New York (in winter) of an ISO day, in epoch seconds."""
    return int(datetime.fromisoformat(f"{day}T14:30:00+00:00").timestamp())
