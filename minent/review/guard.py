"""What stands before the page: only its own address, its own origin and small requests come through."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from http import HTTPStatus

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST_BODY = 1 << 16  # bytes
LONGEST_ADDRESS = 1 << 13
HEADER = "x-minent-review"  # no form can send it, and no other origin without asking first

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)
ANSWER_HEADERS = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}

NO_TOKEN = (HTTPStatus.FORBIDDEN, "use the whole address that minent review has printed")


class TooLargeError(Exception):
    """A body has more bytes than are taken."""


class Guard:
    """Lets through what comes to one of `hosts`, begins its path with the token, and was not sent by another origin.

    Another page that the user has open can neither guess the token nor send the header, and a name that was bound to
    127.0.0.1 later (DNS rebinding) is no host of ours. There are no cookies, and no other origin is ever allowed.

    ticket : leads to the page once, in the place of the token: a browser is started with an address that every user of
        the machine can see in the list of processes
    """

    def __init__(self, app: ASGIApp, token: str, hosts: Iterable[str], ticket: str = "") -> None:
        self.app, self.token, self.hosts = app, token.encode(), frozenset(hosts)
        self.ticket = ticket.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request (ASGI)."""
        if scope["type"] != "http":  # a websocket is closed without a word
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1008})
            return

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(ANSWER_HEADERS)
            await send(message)

        problem = self._problem(scope, Headers(scope=scope))
        if self._takes_ticket(scope, problem):
            await RedirectResponse(f"/{self.token.decode()}/", HTTPStatus.SEE_OTHER)(scope, receive, answer)
            return
        if problem is not None:
            status, text = problem
            await PlainTextResponse(text + "\n", status)(scope, receive, answer)
            return
        rest = "/" + scope["path"].removeprefix("/").partition("/")[2]
        inner = {**scope, "path": rest, "raw_path": rest.encode(), "root_path": ""}
        await self.app(inner, _limited(receive), answer)

    def _problem(self, scope: Scope, headers: Headers) -> tuple[HTTPStatus, str] | None:
        """Why a request is turned away; None if it is not."""
        host = headers.getlist("host")
        if len(host) != 1 or host[0] not in self.hosts:
            return HTTPStatus.FORBIDDEN, "this is not the address of this page"
        if any(origin != f"http://{host[0]}" for origin in headers.getlist("origin")):
            return HTTPStatus.FORBIDDEN, "another page may not ask here"
        if headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
            return HTTPStatus.FORBIDDEN, "another page may not ask here"
        if len(scope.get("raw_path", b"")) + len(scope["query_string"]) > LONGEST_ADDRESS:
            return HTTPStatus.REQUEST_URI_TOO_LONG, "the address is too long"
        first, slash, _ = scope["path"].removeprefix("/").partition("/")
        if not secrets.compare_digest(first.encode("utf-8", "surrogatepass"), self.token) or not slash:
            return NO_TOKEN
        if scope["method"] == "POST":
            return self._problem_of_post(headers)
        if scope["method"] not in ("GET", "HEAD"):
            return HTTPStatus.METHOD_NOT_ALLOWED, "GET or POST"
        return None

    def _takes_ticket(self, scope: Scope, problem: tuple[HTTPStatus, str] | None) -> bool:
        """Whether a request has no token but the ticket, which is then used up."""
        path = scope["path"].strip("/").encode("utf-8", "surrogatepass")
        if problem is not NO_TOKEN or not self.ticket or not secrets.compare_digest(path, self.ticket):
            return False
        self.ticket = b""
        return True

    def _problem_of_post(self, headers: Headers) -> tuple[HTTPStatus, str] | None:
        if headers.get(HEADER) != "1":
            return HTTPStatus.FORBIDDEN, "another page may not ask here"
        if headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            return HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "JSON only"
        size = headers.get("content-length", "0")
        if not (size.isascii() and size.isdigit() and len(size) < 19) or int(size) > LARGEST_BODY:
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"at most {LARGEST_BODY} bytes"
        return None


def _limited(receive: Receive) -> Receive:
    """The same body; TooLargeError where it has too many bytes, whatever its head says."""
    size = 0

    async def limited() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > LARGEST_BODY:
            raise TooLargeError
        return message

    return limited
