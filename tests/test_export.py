"""Exports and imports: what each file holds, round trips, words that a format cannot have, hostile files."""

from __future__ import annotations

import gzip
import json
import math
import re
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minent import Lexicon, MinentError
from minent.errors import LexiconError, OutputError
from minent.export import export_lexicon, import_lexicon
from minent.export.format import FORMATS, find_format
from minent.export.ik import REGULAR
from minent.export.protobuf import fields, number_field, read_float, sized_field, varint
from minent.export.unigram import counts_of_pieces, make_pieces
from minent.lexicon import load_lexicon

UNIGRAM = ("sentencepiece", "tokenizers")
weird = st.text(
    alphabet=st.one_of(
        st.sampled_from("天地人aAzＡ1９ <>NL/+#,.'\"\\-·▁\u3000\u00a0\x0b\r\x85\u2028\ufeff𠮷"),
        st.characters(exclude_categories=["Cs"], exclude_characters="\t\n\0"),
    ),
    min_size=1,
    max_size=4,
)
lexicons = st.dictionaries(weird, st.integers(0, 10**6), min_size=1, max_size=8)


def exported(tmp_path: Path, form: str, counts: dict[str, int], **options) -> bytes:
    path = tmp_path / find_format(form).output
    export_lexicon(Lexicon.from_counts(counts), form, path, **options)
    return path.read_bytes()


# What the files hold


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("jieba", "的 7\n科学 3\n"),
        ("hanlp", "的\tn\t7\n科学\tn\t3\n"),
        ("ik", "的\n科学\n"),
        ("words", "的\n科学\n"),
        ("jsonl", '{"word": "的", "count": 7, "prob": 0.7}\n{"word": "科学", "count": 3, "prob": 0.3}\n'),
        (
            "rime",
            '---\nname: "minent"\nversion: "1"\nsort: by_weight\nuse_preset_vocabulary: false\nimport_tables:\n'
            "  - luna_pinyin\ncolumns:\n  - text\n  - weight\n...\n# no comment\n的\t7\n科学\t3\n",
        ),
    ],
)
def test_text_formats_are_as_documented(tmp_path: Path, form: str, text: str) -> None:
    assert exported(tmp_path, form, {"科学": 3, "的": 7}).decode() == text


def test_a_tokenizer_json_has_words_then_characters(tmp_path: Path) -> None:
    tokenizer = json.loads(exported(tmp_path, "tokenizers", {"科学": 3, "的": 7}))
    vocabulary = dict(map(tuple, tokenizer["model"]["vocab"]))
    assert list(vocabulary)[:4] == ["<unk>", "<s>", "</s>", "<0x00>"]
    assert list(vocabulary)[259:261] == ["的", "科学"]
    assert vocabulary["科学"] == pytest.approx(math.log(0.3)) and vocabulary["科"] == pytest.approx(math.log(0.1))
    assert tokenizer["normalizer"] is tokenizer["pre_tokenizer"] is None


def test_a_rime_dictionary_is_named_after_its_file(tmp_path: Path) -> None:
    export_lexicon(Lexicon.from_counts({"的": 1}), "rime", tmp_path / "news.dict.yaml")
    assert '\nname: "news"\n' in (tmp_path / "news.dict.yaml").read_text(encoding="utf-8")


def test_jsonl_keeps_the_columns(tmp_path: Path) -> None:
    columns = {"pmi": ["", "3.25"], "new": ["0", "1"], "note": ["007", "x"]}
    lexicon = Lexicon(["的", "科学"], [7, 3], columns=columns)
    export_lexicon(lexicon, "jsonl", tmp_path / "x")
    records = [json.loads(line) for line in (tmp_path / "x").read_text(encoding="utf-8").splitlines()]
    assert records[0] == {"word": "的", "count": 7, "prob": 0.7, "pmi": None, "new": 0, "note": "007"}
    assert records[1] == {"word": "科学", "count": 3, "prob": 0.3, "pmi": 3.25, "new": 1, "note": "x"}


@pytest.mark.parametrize("form", FORMATS)
def test_equal_lexicons_give_equal_files(tmp_path: Path, form: str) -> None:
    counts = {"科学": 3, "的": 7, "<N>年": 2, "A股": 2}
    assert exported(tmp_path, form, counts) == exported(tmp_path, form, dict(reversed(counts.items())))


# Choosing words


def test_words_are_chosen_by_count_and_by_known_lists(tmp_path: Path) -> None:
    counts = {"的": 7, "科学": 3, "新词": 2, "稀": 1}
    assert exported(tmp_path, "words", counts, min_count=2).decode() == "的\n科学\n新词\n"
    assert exported(tmp_path, "words", counts, known={"的", "科学"}, new_only=True).decode() == "新词\n稀\n"
    marked = Lexicon.from_counts(counts).mark_new({"的", "稀"})
    export_lexicon(marked, "words", tmp_path / "x", new_only=True)
    assert (tmp_path / "x").read_text(encoding="utf-8") == "科学\n新词\n"
    export_lexicon(marked, "words", tmp_path / "x", new_only=True, known={"新词"})
    assert (tmp_path / "x").read_text(encoding="utf-8") == "科学\n"


def test_what_is_left_of_a_known_class_word_is_not_new(tmp_path: Path) -> None:
    text = exported(tmp_path, "jieba", {"<N>年": 3, "<N>多万名": 2}, known={"年"}, new_only=True).decode()
    assert text == "多万名 2\n"


@pytest.mark.parametrize(
    ("classes", "text"),
    [
        (None, "年 12\n的 7\n月 6\n"),
        ("split", "年 12\n的 7\n月 6\n"),
        ("drop", "年 9\n的 7\n"),
        ("keep", "年 9\n的 7\n<N>年<L> 3\n<N>月<N>月 3\n<N> 1\n"),
    ],
)
def test_words_of_any_number_are_split_dropped_or_kept(tmp_path: Path, classes: str | None, text: str) -> None:
    counts = {"年": 9, "的": 7, "<N>年<L>": 3, "<N>月<N>月": 3, "<N>": 1}
    assert exported(tmp_path, "jieba", counts, classes=classes).decode() == text
    report = export_lexicon(Lexicon.from_counts(counts), "jieba", tmp_path / "x", classes=classes)
    assert (report.words, report.class_words, report.left_out) == (text.count("\n"), 3, ())


def test_counts_are_scaled_to_a_total_and_none_becomes_0(tmp_path: Path) -> None:
    assert (
        exported(tmp_path, "jieba", {"的": 700, "科学": 300, "稀": 0}, total=100).decode() == "的 70\n科学 30\n稀 1\n"
    )
    assert (
        exported(tmp_path, "jieba", {"的": 7, "科学": 3}, total=60_000_000).decode() == "的 42000000\n科学 18000000\n"
    )


@pytest.mark.parametrize("form", ["jieba", "hanlp", "rime"])
def test_a_word_that_was_never_seen_counts_1(tmp_path: Path, form: str) -> None:
    assert exported(tmp_path, form, {"诺贝尔": 0}).decode().endswith("1\n")


def test_a_count_beyond_a_java_int_is_the_largest_int(tmp_path: Path) -> None:
    assert exported(tmp_path, "hanlp", {"的": 10**12}).decode() == "的\tn\t2147483647\n"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"form": "xml"}, "the format is 'xml'; it must be one of jieba, hanlp"),
        ({"form": "ik", "total": 10}, "ik has no counts that could add up to a total"),
        ({"form": "jieba", "total": 0}, "total is 0; it must be from 1"),
        ({"form": "jieba", "classes": "expand"}, "classes is 'expand'; it must be one of split, drop, keep"),
        ({"form": "jieba", "new_only": True}, "new_only needs a list of known words"),
    ],
)
def test_a_wrong_option_is_a_mistake_of_the_caller(tmp_path: Path, options: dict, message: str) -> None:
    form = options.pop("form")
    with pytest.raises(ValueError, match=message):
        export_lexicon(Lexicon.from_counts({"的": 1}), form, tmp_path / "x", **options)
    assert not list(tmp_path.iterdir())


def test_nothing_is_written_where_no_word_is_left(tmp_path: Path) -> None:
    with pytest.raises(LexiconError, match="has no word that can be written"):
        export_lexicon(Lexicon.from_counts({"的": 1}), "jieba", tmp_path / "x", min_count=2)
    assert not list(tmp_path.iterdir())


# What a format cannot hold


@pytest.mark.parametrize(
    ("form", "left_out"),
    [
        ("jieba", {"New York", "a\rb", "\ufeffx", "天\u3000地"}),
        ("hanlp", {"New York", "a\rb", "\ufeffx", "天\u3000地"}),
        ("ik", {"New York", "a\rb", "\ufeffx", "天\u3000地", "C++", "诺贝尔·奖", "<s>", "〇", "#1"}),
        ("rime", {"a\rb", "\ufeffx"}),
        ("words", {"a\rb", "\ufeffx"}),
        ("sentencepiece", {"<s>"}),
        ("tokenizers", {"<s>"}),
        ("jsonl", set()),
    ],
)
def test_words_that_a_format_cannot_hold_are_left_out_and_told(tmp_path: Path, form: str, left_out: set[str]) -> None:
    words = ["New York", "a\rb", "\ufeffx", "天\u3000地", "C++", "诺贝尔·奖", "<s>", "〇", "𠮷野家", "#1", "的"]
    lexicon = Lexicon(words, range(20, 20 - len(words), -1))
    report = export_lexicon(lexicon, form, tmp_path / "x")
    assert set(report.left_out) == left_out
    assert report.words == len(words) - len(left_out)
    again = import_lexicon(tmp_path / "x", form).lexicon
    assert set(words) - left_out <= set(again) | ({"〇"} if form == "ik" else set())


def test_ik_finds_words_as_its_text_filter_leaves_them(tmp_path: Path) -> None:
    assert exported(tmp_path, "ik", {"ＡＢＣ": 3, "Abc": 2, "Ａ股": 2, "的": 1}).decode() == "abc\na股\n的\n"
    for full in range(0xFF01, 0xFF5F):  # as IK's regularize: full width to half width, then capitals to small letters
        half = chr(full - 0xFEE0)
        assert chr(full).translate(REGULAR) == half.lower()


def test_hanlp_would_split_a_csv_file_at_commas(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"x\.csv: HanLP splits a file of this name at commas"):
        export_lexicon(Lexicon.from_counts({"的": 1}), "hanlp", tmp_path / "x.csv")
    assert not list(tmp_path.iterdir())


# Round trips


@pytest.mark.parametrize("form", FORMATS)
@given(counts=lexicons)
def test_what_is_written_comes_back(
    tmp_path_factory: pytest.TempPathFactory, form: str, counts: dict[str, int]
) -> None:
    path = tmp_path_factory.mktemp("round") / "x"
    lexicon = Lexicon.from_counts(counts)
    classes = "drop" if form not in ("jsonl", "words") else "keep"
    try:
        report = export_lexicon(lexicon, form, path, classes=classes)
    except LexiconError as error:
        assert "has no word that can be written" in str(error)
        return
    back = import_lexicon(path, form).lexicon
    kept = {word: count for word, count in counts.items() if word not in report.left_out}
    if classes == "drop":
        kept = {word: count for word, count in kept.items() if "<N>" not in word and "<L>" not in word}
    if form in ("jieba", "hanlp", "rime"):
        assert dict(zip(back, back.counts.tolist(), strict=True)) == {word: max(n, 1) for word, n in kept.items()}
    elif form == "jsonl":
        assert back == Lexicon.from_counts(kept)
    elif form == "words":
        assert set(back) == set(kept)
    elif form == "ik":
        assert set(back) == {word.translate(REGULAR) for word in kept}
    else:
        assert {word.replace("▁", " ").strip() for word in kept} - {""} <= set(back)


@pytest.mark.parametrize("form", UNIGRAM)
def test_counts_come_back_from_a_unigram_model(tmp_path: Path, form: str) -> None:
    counts = {f"词{chr(0x4E00 + number)}": 1 + number * number for number in range(1000)}
    exported(tmp_path, form, counts)
    back = import_lexicon(tmp_path / find_format(form).output, form).lexicon
    tolerance = 4e-6 if form == "sentencepiece" else 0  # its scores are in single precision
    assert all(back[word].count == pytest.approx(count, rel=tolerance, abs=0.5) for word, count in counts.items())
    assert back["词"].count == 1  # a character of the words


def test_a_packed_file_and_a_byte_order_mark_are_read(tmp_path: Path) -> None:
    (tmp_path / "x.gz").write_bytes(gzip.compress("\ufeff的 3 uj\r\n科学 2 n\r\n".encode()))
    assert import_lexicon(tmp_path / "x.gz", "jieba").lexicon == Lexicon.from_counts({"的": 3, "科学": 2})


# Files that others wrote


@pytest.mark.parametrize(
    ("form", "text", "expected"),
    [
        ("jieba", "云计算 5\n李小福 2 nr\n创新办 3 i\neasy_install 3 eng\n凱特琳 nz\n台中\n", {
            "云计算": 5, "李小福": 2, "创新办": 3, "easy_install": 3, "凱特琳": 1, "台中": 1}),
        ("jieba", "AT&T 3 nz\nc# 3 nz\n的 318825 uj\n的 7 uj\n\n", {"AT&T": 3, "c#": 3, "的": 7}),
        ("hanlp", "攻城狮\tnz\t3\n单身狗 n 10 nz 7\n裸婚\n新词 nz\n", {
            "攻城狮": 3, "单身狗": 17, "裸婚": 1, "新词": 1}),
        ("ik", "\ufeff一一列举\n\n 一丁点 \n", {"一一列举": 1, "一丁点": 1}),
        ("rime", "---\nname: x\n...\n的\tde\t99\n# 注\n的\tdi\t1\n地\tdi\t50%\n人\tren\n", {
            "的": 100, "地": 1, "人": 1}),
        ("rime", "---\ncolumns: [weight, text]\n...\n# no comment\n3.7\t#1\n", {"#1": 3}),
        ("rime", "---\ncolumns:\n  - code\n  - 'text' # 字\nsort: original\n...\nde\t的\n", {"的": 1}),
        ("sentencepiece", "<unk>\t0\n<s>\t0\n</s>\t0\n▁\t-2\n▁的\t-1\n的\t-1\n科学\t-1.6931471805599454\n", {
            "的": 4, "科学": 1}),
        ("jsonl", '{"word": "的", "count": 3, "pmi": null}\n{"word": "C\\tx"}\n', {"的": 3}),
        ("words", "今天\nNew York\n今天\n", {"今天": 1, "New York": 1}),
    ],
)  # fmt: skip
def test_files_of_other_people_are_read(tmp_path: Path, form: str, text: str, expected: dict[str, int]) -> None:
    (tmp_path / "x").write_bytes(text.encode())
    assert import_lexicon(tmp_path / "x", form).lexicon == Lexicon.from_counts(expected)


def test_hanlp_files_split_by_their_names(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_bytes("云计算,n,5\nNew York,ns,3\n".encode())
    assert import_lexicon(tmp_path / "x.csv", "hanlp").lexicon == Lexicon.from_counts({"云计算": 5, "New York": 3})


def test_a_literal_class_is_no_word_of_other_tools(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes("<N>年 3\n的 1\n".encode())
    imported = import_lexicon(tmp_path / "x", "jieba")
    assert (imported.lexicon.words, imported.left_out) == (["的"], ("<N>年",))
    assert import_lexicon(tmp_path / "x", "words").lexicon.words == ["<N>年 3", "的 1"]


def test_an_import_says_where_it_comes_from_and_can_be_read_again(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes("的 3\n".encode())
    import_lexicon(tmp_path / "x", "jieba").lexicon.save(tmp_path / "lexicon.tsv")
    assert load_lexicon(tmp_path / "lexicon.tsv").settings == {"imported_from": "jieba"}


def test_sums_of_counts_can_be_read_again(tmp_path: Path) -> None:
    large = 10**15 - 1
    (tmp_path / "x").write_bytes(f"的 u {large} n {large}\n".encode())
    import_lexicon(tmp_path / "x", "hanlp").lexicon.save(tmp_path / "lexicon.tsv")
    assert load_lexicon(tmp_path / "lexicon.tsv")["的"].count == large


# Hostile files


def piece(text: bytes, score: float, kind: int = 1) -> bytes:
    return sized_field(1, sized_field(1, text) + b"\x15" + struct.pack("<f", score) + number_field(3, kind))


MODEL = piece(b"<unk>", 0, 2) + piece("的".encode(), -1) + piece("科学".encode(), -2)


@pytest.mark.parametrize(
    ("form", "data", "message"),
    [
        ("jieba", "今天 3\n天气 ".encode() + b"9" * 16, "x:2: the count 9999999999999999 is too large"),
        ("jieba", "今天\n".encode() + b"\xff 3", "x:2: not valid UTF-8"),
        ("hanlp", "今天\tn\tx\n".encode(), "x:1: the count 'x' is not a whole number"),
        ("hanlp", b"\tn\t3\n", "x:1: no word before the tag"),
        ("rime", "的\tde\t3\n".encode(), "x: no line ... at the end of a YAML head"),
        ("rime", b"---\ncolumns: [code]\n...\n", "x: its columns have no text"),
        ("rime", "---\n...\n的\tde\t-3\n".encode(), "x:3: the count '-3' is not a whole number"),
        ("rime", b"---\n...\n\tde\n", "x:3: no word"),
        ("jsonl", b'{"word": "a"}\n{"word": 3}\n', "x:2: no word"),
        ("jsonl", b'{"word": "a", "count": -1}\n', "x:1: the count '-1' is not a whole number"),
        ("jsonl", b'{"word": "a"\n', "x:1: not valid JSON: Expecting"),
        ("jsonl", b"[" * 100_000 + b"\n", "x:1: not valid JSON: it nests too deeply"),
        ("jsonl", b'{"word": "a", "count": ' + b"9" * 5000 + b"}\n", "x:1: not valid JSON: .* a number is too long"),
        ("tokenizers", b"[" * 100_000, "x: not valid JSON: it nests too deeply"),
        ("tokenizers", b"[]", "x: no model in it"),
        ("tokenizers", b'{"model": {"type": "BPE", "vocab": {}}}', "x: a BPE model has no probabilities"),
        ("tokenizers", b'{"model": {"type": "Unigram", "vocab": [["a", 1e999]]}}', "x: entry 0 of the vocabulary"),
        ("tokenizers", b'{"model": {"vocab": [["a", -1], ["b", NaN]]}}', "x: entry 1 of the vocabulary"),
        ("tokenizers", b'{"model": {"vocab": [["a", -1], ["b", ' + b"9" * 400 + b"]]}}", "x: entry 1 of the vocab"),
        ("tokenizers", b'{"model": {"vocab": [["a"]]}}', "x: entry 0 of the vocabulary"),
        ("sentencepiece", "的\t-1\n科学\tnan\n".encode(), "x:2: not a piece, a tab and a score"),
        ("sentencepiece", "今天 3\n".encode(), "x:1: not a piece, a tab and a score"),
        ("sentencepiece", MODEL[:-2], "x: not a SentencePiece model: a field of 15 bytes where 13 are left"),
        (
            "sentencepiece",
            b"\n" + b"\xff" * 9 + b"\x01",
            "not a SentencePiece model: a field of 18,446,744,073,709,551",
        ),
        ("sentencepiece", b"\n" + b"\xff" * 20, "not a SentencePiece model: a number of more than ten bytes"),
        ("sentencepiece", b"\n\x80", "not a SentencePiece model: a number is cut off"),
        ("sentencepiece", MODEL + b"\x0b", "not a SentencePiece model: a field of the unknown wire type 3"),
        ("sentencepiece", piece(b"\xff", -1), "the piece at byte 2 is not valid UTF-8"),
        ("sentencepiece", piece(b"a", math.inf), "the piece at byte 2 has no text, or no finite score"),
        ("sentencepiece", MODEL + sized_field(2, number_field(3, 2)), "x: a BPE model has no probabilities"),
    ],
)
def test_a_broken_file_is_told_in_one_line(tmp_path: Path, form: str, data: bytes, message: str) -> None:
    (tmp_path / "x").write_bytes(data)
    with pytest.raises(LexiconError, match=message) as caught:
        import_lexicon(tmp_path / "x", form)
    assert len(str(caught.value)) < 300 + len(str(tmp_path))


@given(data=st.one_of(st.binary(max_size=60), st.binary(max_size=20).map(lambda tail: MODEL + tail)))
def test_any_bytes_are_a_lexicon_or_an_error(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any"
    path.write_bytes(data)
    for form in FORMATS:
        try:
            import_lexicon(path, form).lexicon.to_bytes()
        except MinentError as error:
            assert "\n" not in str(error)


@given(data=st.data())
def test_a_model_cut_off_anywhere_is_shorter_or_an_error(data: st.DataObject) -> None:
    read = find_format("sentencepiece").read
    end = data.draw(st.integers(1, len(MODEL) - 1))
    try:
        assert set(read(MODEL[:end], "x")) <= {"的", "科学"}
    except LexiconError as error:
        assert str(error).startswith("x: ")


# The pieces of a unigram model


def test_probabilities_far_apart_become_counts_of_at_most_12_digits() -> None:
    assert counts_of_pieces([("a", 0.0), ("b", -1000.0), ("c", -2.0)]) == {
        "a": 10**12,
        "b": 1,
        "c": round(1e12 * math.exp(-2)),
    }
    assert counts_of_pieces([]) == {}


@given(lexicons)
def test_every_character_of_a_word_is_a_piece_and_none_is_there_twice(counts: dict[str, int]) -> None:
    pieces = make_pieces(Lexicon.from_counts(counts))
    names = [name for name, _ in pieces]
    assert len(set(names)) == len(names)
    assert set("".join(counts)) <= set(names)
    floor = -math.log(max(sum(counts.values()), 1))
    assert all(score >= floor for _, score in pieces)


@given(st.integers(0, 2**63), st.floats(width=32, allow_nan=False), st.binary(max_size=300))
def test_what_the_wire_format_writes_it_reads(number: int, real: float, sized: bytes) -> None:
    data = number_field(1, number) + b"\x15" + struct.pack("<f", real) + sized_field(300, sized)
    found = list(fields(data, 0, len(data)))
    assert [(field, kind) for field, kind, _, _ in found] == [(1, 0), (2, 5), (300, 2)]
    assert found[0][2] == number and read_float(data, found[1][2]) == real
    assert data[found[2][2] : found[2][3]] == sized


def test_varints_are_as_in_the_documentation() -> None:
    assert varint(1) == b"\x01" and varint(150) == b"\x96\x01"


# The rules of readers that are no Python packages, as their sources have them


def java_lines(data: bytes) -> list[str]:
    """BufferedReader.readLine: a line ends with \\n, \\r or both."""
    return re.split(r"\r\n|\r|\n", data.decode())


def read_as_hanlp(data: bytes) -> dict[str, int]:
    """DynamicCustomDictionary.load of HanLP 1.x: `line.split("\\\\s")`, then pairs of a tag and Integer.parseInt."""
    found = {}
    for number, line in enumerate(java_lines(data)):
        params = re.split(r"[ \t\n\x0b\f\r]", line.removeprefix("\ufeff") if number == 0 else line)
        if not params[0]:
            continue
        assert len(params) == 3 and params[1] == "n" and re.fullmatch(r"[0-9]+", params[2])
        assert int(params[2]) < 2**31
        found[params[0]] = int(params[2])
    return found


def read_as_ik(data: bytes) -> set[str]:
    """Dictionary.loadDictFile of IK: a line without a byte order mark, and without what trim() takes off."""
    lines = java_lines(data)
    lines[0] = lines[0].removeprefix("\ufeff")
    return {line.strip("".join(map(chr, range(0x21)))) for line in lines} - {""}


@given(counts=lexicons)
def test_hanlp_and_ik_would_read_every_word_that_was_not_left_out(
    tmp_path_factory: pytest.TempPathFactory, counts: dict[str, int]
) -> None:
    path = tmp_path_factory.getbasetemp() / "java"
    lexicon = Lexicon.from_counts({**counts, "的": 3})
    left_out = export_lexicon(lexicon, "hanlp", path, classes="keep").left_out
    expected = {word: max(lexicon[word].count, 1) for word in lexicon if word not in left_out}
    assert read_as_hanlp(path.read_bytes()) == expected
    left_out = export_lexicon(lexicon, "ik", path, classes="keep").left_out
    assert read_as_ik(path.read_bytes()) == {word.translate(REGULAR) for word in lexicon if word not in left_out}
