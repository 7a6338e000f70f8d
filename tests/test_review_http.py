"""The review over HTTP: who may ask, what is refused, and the command itself."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from review_sample import HOSTILE, TEXT, lexicon, number, sample_review

from minent.decisions import load_decisions
from minent.review import Review, make_app

pytest.importorskip("jinja2")
pytest.importorskip("starlette")
pytest.importorskip("uvicorn")
httpx2 = pytest.importorskip("httpx2")
testclient = pytest.importorskip("starlette.testclient")

TOKEN, HOST = "a-token-of-the-test", "127.0.0.1:8123"


@pytest.fixture
def review(tmp_path: Path) -> Review:
    return sample_review(tmp_path)


class Page:
    """Asks as the page does, but for what a test changes."""

    def __init__(self, review: Review) -> None:
        about = {"title": HOSTILE, "lexicon": "9 words", "decisions": HOSTILE, "by": "", "text": HOSTILE}
        app = make_app(review, TOKEN, (HOST, "localhost:8123"), about)
        self.client = testclient.TestClient(app, base_url=f"http://{HOST}", raise_server_exceptions=False)
        self.client.headers.clear()

    def get(self, path: str, token: str = TOKEN, **headers: str) -> Any:
        return self.client.get(f"/{token}/{path}", headers=headers)

    def post(self, path: str, body: Any, **headers: str | None) -> Any:
        usual: dict[str, str | None] = {
            "Content-Type": "application/json",
            "X-Minent-Review": "1",
            "Origin": f"http://{HOST}",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        kept = {name: value for name, value in usual.items() if value is not None}
        return self.client.post(f"/{TOKEN}/{path}", content=content, headers=kept)


@pytest.fixture
def page(review: Review) -> Page:
    return Page(review)


def test_the_page_and_all_that_it_needs_come_with_a_strict_policy(page: Page) -> None:
    for path, kind in (
        ("", "text/html"),
        ("page.css", "text/css"),
        ("page.js", "text/javascript"),
        ("api/state", "application/json"),
    ):
        answer = page.get(path)
        assert answer.status_code == 200 and answer.headers["content-type"].startswith(kind)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy
        assert answer.headers["cache-control"] == "no-store" and answer.headers["referrer-policy"] == "no-referrer"
        assert "access-control-allow-origin" not in answer.headers and "set-cookie" not in answer.headers
    html = page.get("").text
    assert HOSTILE not in html and html.count("<script") == 1
    assert not re.search(r"(?:https?:)?//[a-z]", html + page.get("page.css").text)


def test_without_the_token_there_is_nothing(page: Page) -> None:
    for path in (
        "/",
        "/api/state",
        f"/{TOKEN}",
        f"/{TOKEN}x/api/state",
        f"/{TOKEN[:-1]}/api/state",
        "//api/state",
        "/%00/",
    ):
        answer = page.client.get(path)
        assert answer.status_code == 403 and "苹果" not in answer.text
    assert page.get("api/state", token="é" * 9).status_code == 403
    assert page.client.post("/api/decide", content=b"{}").status_code == 403


def test_a_ticket_leads_to_the_page_once(review: Review) -> None:
    app = make_app(
        review, TOKEN, (HOST,), dict.fromkeys(("title", "lexicon", "decisions", "by", "text"), ""), "once-only"
    )
    client = testclient.TestClient(app, base_url=f"http://{HOST}", follow_redirects=False)
    assert client.get("/once-only/", headers={"Host": "evil.example"}).status_code == 403
    assert client.get("/once-only/", headers={"Origin": "http://evil.example"}).status_code == 403
    assert client.get("/once-only/api/state").status_code == 403
    answer = client.get("/once-only/")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/{TOKEN}/")
    assert client.get("/once-only/").status_code == 403 and client.get("//").status_code == 403
    assert client.get(f"/{TOKEN}/").status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example:8123", "127.0.0.1", "127.0.0.1:9", "127.0.0.1:8123.evil.example", "[::1]:8123", ""]
)
def test_another_name_for_this_machine_is_refused(page: Page, host: str) -> None:
    assert page.get("api/state", Host=host).status_code == 403
    assert page.get("api/state", Host="localhost:8123").status_code == 200


@pytest.mark.parametrize(
    "origin",
    ["http://evil.example", "null", "https://127.0.0.1:8123", "http://127.0.0.1:81234", "http://localhost:8123"],
)
def test_another_origin_may_neither_ask_nor_decide(page: Page, review: Review, origin: str) -> None:
    assert page.get("api/state", Origin=origin).status_code == 403
    answer = page.post("api/decide", {"id": 0, "decision": "drop"}, Origin=origin)
    assert answer.status_code == 403 and review.state()["totals"]["drop"] == 0
    assert page.get("", **{"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert page.get("", **{"Sec-Fetch-Site": "none"}).status_code == 200
    options = page.client.options(f"/{TOKEN}/api/decide", headers={"Origin": origin})
    assert options.status_code == 403 and "access-control-allow-origin" not in options.headers


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"X_Minent_Review": None}, 403),
        ({"Content_Type": "text/plain"}, 415),
        ({"Content_Type": "application/x-www-form-urlencoded"}, 415),
        ({"Content_Type": None}, 415),
        ({"Content_Length": "99999999"}, 413),
        ({"Content_Length": "-1"}, 413),
    ],
)
def test_only_json_with_the_header_is_taken(
    page: Page, review: Review, headers: dict[str, str | None], status: int
) -> None:
    assert page.post("api/decide", {"id": 0, "decision": "drop"}, **headers).status_code == status
    assert review.state()["totals"]["drop"] == 0


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[1]", 400),
        (b"[" * 30_000, 400),
        (b"\xff\xfe", 400),
        (b'"' + b"x" * 70_000 + b'"', 413),
        ({}, 400),
        ({"id": 0}, 400),
        ({"id": 0, "decision": "explode"}, 400),
        ({"id": True, "decision": "keep"}, 400),
        ({"id": -1, "decision": "keep"}, 400),
        ({"id": 1.5, "decision": "keep"}, 400),
        ({"id": 10**30, "decision": "keep"}, 400),
        ({"id": 10**9, "decision": "keep"}, 409),
        ({"id": 0, "decision": "fix"}, 409),
        ({"id": 0, "decision": "fix", "replacement": []}, 400),
        ({"id": 0, "decision": "fix", "replacement": "长" * 201}, 409),
        ({"id": 0, "decision": "fix", "replacement": "词 " * 33}, 409),
        ({"id": None, "decision": "keep", "word": ""}, 409),
        ({"id": None, "decision": "keep", "word": "a\tb"}, 409),
        ({"id": None, "decision": "keep", "word": "a\nb"}, 409),
        ({"id": None, "decision": "keep", "word": "长" * 201}, 409),
        ({"id": None, "decision": "keep", "word": ["a"]}, 400),
    ],
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(page: Page, tmp_path: Path, body: Any, status: int) -> None:
    answer = page.post("api/decide", body)
    assert answer.status_code == status
    assert answer.json()["error"] if status != 413 else "bytes" in answer.text
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("status=none", 400),
        ("sort=__class__", 400),
        ("after=x", 400),
        ("after=99999999", 409),
        ("length=two", 400),
        ("size=0&search=" + "%F0%9F%98%80" * 100, 200),
        ("search=" + "*a" * 40, 200),
        ("search=%FF%00", 200),
        ("search=" + "x" * 9000, 414),
    ],
)
def test_queries_are_checked(page: Page, query: str, status: int) -> None:
    assert page.get(f"api/words?{query}").status_code == status


def test_a_lone_surrogate_breaks_nothing(page: Page) -> None:
    assert page.post("api/try", b'{"text": "\\ud800\xe8\x8b\xb9\xe6\x9e\x9c"}').json()["after"] == ["?", "苹果"]
    assert page.post("api/decide", b'{"id": null, "word": "\\ud800", "decision": "keep"}').status_code == 200


def test_hostile_text_comes_as_json_text(page: Page, review: Review) -> None:
    answer = page.get(f"api/word?id={number(review, HOSTILE)}")
    assert answer.headers["content-type"].startswith("application/json")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.json()["row"]["word"] == HOSTILE and answer.json()["contexts"][0]["text"] == HOSTILE


def test_a_word_goes_through_the_whole_page(page: Page, review: Review) -> None:
    row = next(
        row
        for row in page.get("api/words?status=todo&sort=count&descending=1").json()["rows"]
        if row["word"] == "的主要"
    )
    details = page.get(f"api/word?id={row['id']}").json()
    assert details["parts"] == ["的", "主要"] and details["row"]["new"] and len(details["contexts"]) == 3
    found = page.post("api/decide", {"id": row["id"], "decision": "fix", "replacement": "的 主要"}).json()
    assert found["row"]["decision"] == "fix" and found["totals"]["fix"] == 1 and found["can_undo"]
    assert page.post("api/try", {"text": "苹果的主要原因"}).json()["after"] == ["苹果", "的", "主要", "原因"]
    missing = page.get("api/words?search=字节跳动").json()
    assert missing["rows"] == [] and missing["missing"] == "字节跳动"
    kept = page.post("api/decide", {"id": None, "word": "字节跳动", "decision": "keep"}).json()
    assert kept["row"]["absent"] and page.get(f"api/word?id={kept['row']['id']}").json()["in_text"] == 3
    assert page.post("api/undo", {}).json()["row"]["decision"] is None
    assert page.post("api/undo", {}).json()["can_undo"] is False
    assert page.post("api/undo", {}).status_code == 409
    assert page.post("api/explain", {"id": 0}).status_code == 409  # no explainer here
    review.explainer = lambda word: f"why {word}"
    assert page.post("api/explain", {"id": row["id"]}).json() == {"text": "why 的主要"}


def test_a_fault_of_ours_is_told_to_the_page(page: Page, review: Review) -> None:
    def broken(word: str) -> str:
        raise KeyError("oh")

    review.explainer = broken
    answer = page.post("api/explain", {"id": 0})
    assert answer.status_code == 500 and "internal error: KeyError" in answer.json()["error"]


# the command


def run(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "minent", "review", *arguments, "--no-browser"],
        cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8",
    )  # fmt: skip


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_the_command_prints_an_address_of_this_machine_and_ends_with_ctrl_c(tmp_path: Path) -> None:
    lexicon().save(tmp_path / "lexicon.tsv")
    (tmp_path / "text.txt").write_text(TEXT, encoding="utf-8")
    process = run(tmp_path, "lexicon.tsv", "text.txt", "--by", "Ann")
    assert process.stdout is not None and process.stderr is not None
    address = process.stdout.readline().strip()
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/[\w-]{32}/", address)
    try:
        with httpx2.Client(trust_env=False) as client:
            assert client.get(address).status_code == 200
            assert client.get(address[: address.index("/", 9)] + "/").status_code == 403
            headers = {"X-Minent-Review": "1"}
            answer = client.post(f"{address}api/decide", json={"id": 0, "decision": "keep"}, headers=headers)
            assert answer.json()["totals"]["keep"] == 1
            assert "server" not in answer.headers
    finally:
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=20)
    assert process.returncode == 0
    assert errors.splitlines() == [
        "minent: decisions in decisions.tsv: 0; Ctrl-C ends the review",
        "minent: decisions in decisions.tsv: 1",
    ]
    assert load_decisions(tmp_path / "decisions.tsv")["的"].by == "Ann"


def test_an_input_is_not_overwritten_with_decisions(tmp_path: Path) -> None:
    lexicon().save(tmp_path / "lexicon.tsv")
    process = run(tmp_path, "lexicon.tsv", "--decisions", "lexicon.tsv")
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 1 and "is one of the inputs" in errors
    broken = tmp_path / "decisions.tsv"
    broken.write_text("#minent-decisions 1\nword\tdecision\nx\tmaybe\n", encoding="utf-8")
    process = run(tmp_path, "lexicon.tsv")
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 1 and "decisions.tsv:3" in errors and len(errors.splitlines()) == 1
