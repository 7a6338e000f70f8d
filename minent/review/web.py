"""The page and its answers over HTTP, on this machine only."""

from __future__ import annotations

import asyncio
import importlib
import json
import secrets
import socket
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from importlib.resources import files
from typing import TYPE_CHECKING, Any, TypeAlias

from minent import __version__
from minent.errors import MinentError, MissingExtraError, OutputError
from minent.files import describe_os_error
from minent.review.candidates import SORTS, STATUSES, Query
from minent.review.session import RefusedError, Review

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp

LIBRARIES = ("jinja2", "starlette", "uvicorn")  # of the extra `web`
LOOPBACK = "127.0.0.1"
MOST_AT_ONCE = 200  # rows of a list
LONGEST_SEARCH = 200  # characters
SECONDS_TO_END = 2  # that requests have when the server ends
TOKEN_BYTES = 24

Json: TypeAlias = dict[str, Any]
Handler: TypeAlias = Callable[["Request"], Awaitable["Response"]]


def require_libraries() -> None:
    """MissingExtraError unless all libraries that a review needs are there."""
    for name in LIBRARIES:
        try:
            importlib.import_module(name)
        except ImportError as error:
            raise MissingExtraError(name, "web", "a review") from error


def make_app(review: Review, token: str, hosts: tuple[str, ...], about: dict[str, str], ticket: str = "") -> ASGIApp:
    """The application (ASGI): everything below `/token/`; `/ticket/` leads there, once.

    hosts : what the header Host may be: 127.0.0.1:8080;  about : facts for the page: lexicon, text, decisions
    """
    from starlette.applications import Starlette
    from starlette.routing import Route

    from minent.review.guard import Guard

    page = _page(about).encode()
    routes = [Route("/", _fixed(page, "text/html"), methods=["GET"])]
    for name, kind in (("page.css", "text/css"), ("page.js", "text/javascript"), ("tools.js", "text/javascript")):
        routes.append(Route(f"/{name}", _fixed(_resource(name).encode(), kind), methods=["GET"]))
    routes += [
        Route("/api/state", _answering(lambda given: review.state()), methods=["GET"]),
        Route("/api/words", _answering(lambda given: _words(review, given)), methods=["GET"]),
        Route("/api/word", _answering(lambda given: review.details(_number(given, "id"))), methods=["GET"]),
        Route("/api/decide", _answering(lambda given: _decide(review, given)), methods=["POST"]),
        Route("/api/undo", _answering(lambda given: review.undo()), methods=["POST"]),
        Route("/api/try", _answering(lambda given: review.try_text(_text(given, "text"))), methods=["POST"]),
        Route("/api/explain", _answering(lambda given: _explain(review, given), slow=True), methods=["POST"]),
    ]
    return Guard(Starlette(routes=routes), token, hosts, ticket)


def serve(review: Review, about: dict[str, str], port: int, ready: Callable[[str, str], None]) -> None:
    """Serve until the process is interrupted: KeyboardInterrupt goes on to the caller.

    port : 0 for any that is free
    ready : is told two addresses as soon as they can be opened: the one to keep, and one that works once, for a browser
    Errors: OutputError if the port is taken.
    """
    import uvicorn

    try:
        listener = socket.create_server((LOOPBACK, port))
    except OSError as error:
        raise OutputError(f"{LOOPBACK}:{port}", describe_os_error(error)) from error
    with listener:
        port = listener.getsockname()[1]
        token, ticket = secrets.token_urlsafe(TOKEN_BYTES), secrets.token_urlsafe(TOKEN_BYTES)
        app = make_app(review, token, (f"{LOOPBACK}:{port}", f"localhost:{port}"), about, ticket)
        config = uvicorn.Config(
            app,
            log_config=None,
            log_level="critical",  # what goes wrong is told to the page
            access_log=False,
            server_header=False,
            lifespan="off",
            http="h11",
            ws="none",
            loop="asyncio",
            proxy_headers=False,
            timeout_graceful_shutdown=SECONDS_TO_END,
        )
        ready(*(f"http://{LOOPBACK}:{port}/{key}/" for key in (token, ticket)))
        uvicorn.Server(config).run(sockets=[listener])


def _page(about: dict[str, str]) -> str:
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(_resource("page.html")).render(about=about, version=__version__)


def _resource(name: str) -> str:
    return files("minent.review").joinpath(name).read_text(encoding="utf-8")


def _fixed(content: bytes, kind: str) -> Handler:
    async def handler(request: Request) -> Response:
        from starlette.responses import Response

        return Response(content, media_type=kind)

    return handler


def _answering(work: Callable[[Json], Json], slow: bool = False) -> Handler:
    """A handler that gives `work` the JSON object of a POST, or the query of a GET, and answers with JSON.

    What cannot be done is told as `{"error": …}`: 400 for a wrong question, 409 for what is refused or failed.
    slow : it may take long, and the process may end meanwhile
    """

    async def handler(request: Request) -> Response:
        from starlette.concurrency import run_in_threadpool
        from starlette.responses import JSONResponse

        from minent.review.guard import TooLargeError

        try:
            given = _parsed(await request.body()) if request.method == "POST" else dict(request.query_params)
            return JSONResponse(await (_in_daemon(work, given) if slow else run_in_threadpool(work, given)))
        except TooLargeError:
            return JSONResponse({"error": "too many bytes"}, 413)
        except ValueError as error:
            return JSONResponse({"error": str(error)}, 400)
        except (RefusedError, MinentError) as error:
            return JSONResponse({"error": str(error)}, 409)
        except Exception as error:
            return JSONResponse({"error": f"internal error: {type(error).__name__}: {error}"}, 500)

    return handler


async def _in_daemon(work: Callable[[Json], Json], given: Json) -> Json:
    """What `work` gives, in a thread that does not keep the process alive."""
    loop = asyncio.get_running_loop()
    result: asyncio.Future[Json] = loop.create_future()

    def finish(value: Json | None, error: BaseException | None) -> None:
        if not result.done():  # the one who asked may have gone
            if error is not None:
                result.set_exception(error)
            else:
                result.set_result(value or {})

    def run() -> None:
        value, problem = None, None
        try:
            value = work(given)
        except Exception as error:
            problem = error
        with suppress(RuntimeError):  # the loop is closed: the server has ended
            loop.call_soon_threadsafe(finish, value, problem)

    threading.Thread(target=run, daemon=True).start()
    return await result


def _parsed(body: bytes) -> Json:
    """The object in a body. Errors: ValueError."""
    try:
        given = json.loads(body)
    except (ValueError, RecursionError):
        raise ValueError("not JSON") from None
    if not isinstance(given, dict):
        raise ValueError("not a JSON object")
    return given


def _words(review: Review, given: Json) -> Json:
    length, new = _optional_number(given, "length"), _optional_number(given, "new")
    query = Query(
        search=_text(given, "search", "")[:LONGEST_SEARCH],
        status=_choice(given, "status", STATUSES, "all"),
        length=length,
        new=None if new is None else new > 0,
        sort=_choice(given, "sort", SORTS, "doubt"),
        descending=given.get("descending") == "1",
    )
    size = min(max(_optional_number(given, "size") or MOST_AT_ONCE, 1), MOST_AT_ONCE)
    return review.rows(query, size, _optional_number(given, "after"), _optional_number(given, "until"))


def _decide(review: Review, given: Json) -> Json:
    kind = _choice(given, "decision", ("keep", "drop", "fix", "none"), "")
    number = None if given.get("id") is None else _number(given, "id")
    replacement = _text(given, "replacement", "")
    return review.decide(number, _text(given, "word", ""), None if kind == "none" else kind, replacement)  # type: ignore[arg-type]


def _explain(review: Review, given: Json) -> Json:
    return {"text": review.explain(_number(given, "id"))}


def _text(given: Json, name: str, default: str | None = None) -> str:
    """A text without lone surrogates, which JSON can write and UTF-8 cannot."""
    value = given.get(name, default)
    if not isinstance(value, str):
        raise ValueError(f"{name} must be a text")
    return value.encode("utf-8", "replace").decode()


def _choice(given: Json, name: str, choices: tuple[str, ...], default: str) -> str:
    value = given.get(name, default)
    if value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(choices)}")
    return str(value)


def _number(given: Json, name: str) -> int:
    value = given.get(name)
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 16:
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1 << 50:
        raise ValueError(f"{name} must be a number")
    return value


def _optional_number(given: Json, name: str) -> int | None:
    return None if given.get(name, "") == "" else _number(given, name)
