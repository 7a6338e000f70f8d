"""The default recipe on real text: equal bytes for any workers and files, words that must and must not be there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from minent import Lexicon, build_lexicon

pytestmark = pytest.mark.slow
NEWS = "people_daily_199801.txt"


@pytest.fixture(scope="module")
def news(real_text: Callable[[str], Path]) -> Path:
    return real_text(NEWS)


@pytest.fixture(scope="module")
def lexicon(news: Path) -> Lexicon:
    return build_lexicon([news])


@pytest.mark.parametrize("jobs", [2, 5])
def test_workers_do_not_change_a_byte(news: Path, lexicon: Lexicon, jobs: int) -> None:
    again = build_lexicon([news], jobs=jobs)
    assert again.to_bytes() == lexicon.to_bytes()
    assert again.model is not None and lexicon.model is not None
    assert again.model.to_bytes("") == lexicon.model.to_bytes("")


def test_one_file_or_forty_do_not_change_a_byte(news: Path, lexicon: Lexicon, tmp_path: Path) -> None:
    lines = news.read_bytes().splitlines(keepends=True)
    size = -(-len(lines) // 40)
    for k in range(40):
        (tmp_path / f"{k:02}.txt").write_bytes(b"".join(lines[k * size : (k + 1) * size]))
    assert build_lexicon([tmp_path]).to_bytes() == lexicon.to_bytes()


def test_pieces_of_phrases_are_out_and_words_are_in(lexicon: Lexicon) -> None:
    assert [word for word in ("的主要", "的研究", "在中国", "的经济") if word in lexicon] == []
    assert [word for word in ("共和国", "有限公司", "委员会", "现代化", "<N>年") if word not in lexicon] == []
