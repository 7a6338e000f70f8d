"""Templates and their file: what is written is read again, and what is broken is named."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minent.templates import Filler, MinedTemplate, Template, TemplateError, TemplateSet, WordClass, load_templates
from minent.templates.template_set import parse_templates

WORDS = st.one_of(
    st.text(alphabet="甲乙 \\[]X<>:,|\t\n\rs", min_size=1, max_size=5),
    st.sampled_from(["[X]", "\\[X]", "\\", "|", "a\\", "\\s", "　", "<a>", "\\<a>", "<>", "<N>年"]),
)
TEMPLATES = (
    st.lists(st.one_of(WORDS, st.builds(WordClass, WORDS), st.none()), min_size=1, max_size=6)
    .filter(any)
    .map(tuple)
    .map(Template)
)
FILLERS = st.lists(
    st.builds(
        Filler,
        st.lists(st.one_of(WORDS, st.builds(WordClass, WORDS)), min_size=1, max_size=3).map(tuple),
        st.integers(1, 99),
    ),
    max_size=3,
)


@st.composite
def entries(draw: st.DrawFn) -> MinedTemplate:
    template = draw(TEMPLATES)
    fillers = tuple(tuple(draw(FILLERS)) for _ in range(template.slots))
    return MinedTemplate(
        template, draw(st.integers(0, 1 << 62)), fillers, draw(st.sampled_from(["skipgram", "parse", "class"]))
    )


@given(TEMPLATES)
def test_a_template_is_read_as_it_was_written(template: Template) -> None:
    assert Template.parse(str(template)) == template
    assert "\t" not in str(template) and "\n" not in str(template)


@given(st.lists(entries(), max_size=5, unique_by=lambda entry: (entry.template, entry.source)))
def test_a_set_is_read_as_it_was_written(some: list[MinedTemplate]) -> None:
    templates = TemplateSet(some, {"window": 5})
    again = parse_templates(templates.to_bytes())
    assert again == templates
    assert again.settings == {"window": "5"}
    assert again.to_bytes() == templates.to_bytes()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("对 [X] 进行 [X]", ("对", None, "进行", None)),
        ("[X] \\[X]", (None, "[X]")),
        ("a\\sb \\\\s", ("a b", "\\s")),
        ("[x]", ("[x]",)),
        ("[X] [X] 的", (None, None, "的")),
        ("多少 <个、位>", ("多少", WordClass("个、位"))),
        ("多少 \\<个> <> <", ("多少", "<个>", "<>", "<")),
    ],
)
def test_slots_and_escapes(text: str, words: tuple[str | None, ...]) -> None:
    assert Template.parse(text).words == words


@pytest.mark.parametrize("text", ["", "[X]", "[X] [X]", "吗  呢", " 吗", "[X] "])
def test_what_is_no_template(text: str) -> None:
    with pytest.raises(ValueError):
        Template.parse(text)


def test_only_one_word_between_two_slots_is_trivial() -> None:
    told = {text: Template.parse(text).is_trivial for text in ("[X] 的 [X]", "[X] 的", "的", "[X] 的 书 [X]", "的 [X]")}
    assert told == {"[X] 的 [X]": True, "[X] 的": False, "的": False, "[X] 的 书 [X]": False, "的 [X]": False}


HEAD = "#minent-templates 1\ntemplate\tcount\ttrivial\tfillers\tsource\n"


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "t:1: does not begin with #minent-templates"),
        (b"#minent-lexicon 1\n", "t:1: does not begin"),
        (b"#minent-templates 2\n", "t:1: format '2'"),
        (b"#minent-templates 1\n#window 5\n", "t:3: no header"),
        ((HEAD + "[X] 吗\t3\n").encode(), "t:3: 2 columns where the header has 5"),
        ((HEAD + "[X] 吗\tmany\t0\t\tskipgram\n").encode(), "t:3: the count 'many'"),
        ((HEAD + "[X] 吗\t-1\t0\t\tskipgram\n").encode(), "t:3: the count '-1'"),
        ((HEAD + "[X]\t1\t0\t\tskipgram\n").encode(), "t:3: '\\[X\\]' is no template: .* at least one word"),
        ((HEAD + "\t1\t0\t\tskipgram\n").encode(), "t:3: '' is no template"),
        ((HEAD + "[X] 吗\t1\t0\t甲:1|乙:1\tskipgram\n").encode(), "t:3: fillers of 2 slots where the template has 1"),
        ((HEAD + "[X] 吗\t1\t0\t甲\tskipgram\n").encode(), "t:3: '甲' is no filler"),
        ((HEAD + "[X] 吗\t1\t0\t\tskipgram\r\r\n").encode(), r"t:3: the source 'skipgram\\r' is none of skipgram, "),
        ((HEAD + "[X] 吗\t1\t0\t\tskipgram\n" * 2).encode(), "t:4: the template of line 3 again"),
        (HEAD.encode() + b"\xff\t1\t0\t\tskipgram\n", "t:3: not valid UTF-8"),
    ],
)
def test_a_broken_file_is_named_with_its_line(content: bytes, complaint: str) -> None:
    with pytest.raises(TemplateError, match=complaint):
        parse_templates(content, "t")


def test_more_columns_line_ends_of_windows_and_a_mark_are_read() -> None:
    content = "\ufeff#minent-templates 1\r\ntemplate\tcount\tnote\r\n[X] 吗\t3\tx\r\n"
    found = parse_templates(content.encode())
    assert found["[X] 吗"] == MinedTemplate(Template.parse("[X] 吗"), 3)


def test_a_saved_set_is_loaded(tmp_path: Path) -> None:
    templates = TemplateSet([MinedTemplate(Template.parse("从 [X] 到 [X]"), 7)])
    templates.save(tmp_path / "templates.tsv")
    assert load_templates(tmp_path / "templates.tsv") == templates
    assert "从 [X] 到 [X]" in templates and "[X]" not in templates and 3 not in templates
