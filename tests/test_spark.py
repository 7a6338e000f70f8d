"""The Spark engine gives what the local one gives, on a standalone cluster with two workers."""

from __future__ import annotations

import gzip
import json
import os
import random
import re
import shutil
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("pyspark")
pytest.importorskip("pyarrow")
pytest.importorskip("pandas")
if shutil.which("java") is None:
    pytest.skip("needs Java", allow_module_level=True)

from pyspark import cloudpickle
from spark_cluster import CONF, SparkCluster
from test_distributed import SMALL, made_up_text

from minent.cli import main
from minent.corpus.alphabet import Alphabet
from minent.corpus.notes import corpus_notes
from minent.corpus.sources import Corpus
from minent.counting import NgramLevels
from minent.discovery import LexiconBuilder
from minent.distributed.corpus import ClusterCorpus, _MakeNgrams
from minent.distributed.counts import CountPieces, read_shards
from minent.distributed.segmenting import cut_cluster_text, find_invalid
from minent.distributed.units import count_cluster_units
from minent.engines.rows import Row
from minent.engines.spark.rows import SparkRows
from minent.engines.spark.session import SparkEngine, spark_engine, task_error
from minent.engines.spark.text import SparkText
from minent.errors import CorpusError, MinentError, OutputError, SparkError
from minent.recipes import sampled
from minent.segmentation import Segmenter
from minent.settings import LexiconSettings
from minent.templates.finder import TemplateFinder
from minent.word_statistics import with_statistics

pytestmark = pytest.mark.slow

# what is defined here is sent to the workers as it is, for they do not know this file
cloudpickle.register_pickle_by_value(sys.modules[__name__])


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkCluster]:
    started = SparkCluster(tmp_path_factory.mktemp("cluster"))
    yield started
    started.stop()


@pytest.fixture(scope="module")
def engine(cluster: SparkCluster) -> Iterator[SparkEngine]:
    with spark_engine(cluster.master, {**CONF, "spark.driver.memory": "1g"}) as started:
        yield started


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Plain text, with a byte that is none, and text that is packed."""
    folder = tmp_path_factory.mktemp("text")
    (folder / "1.txt").write_bytes(made_up_text(1).encode() + b"\xff\n" + "很长的一行，".encode() * 900 + b"\n")
    (folder / "2.txt.gz").write_bytes(gzip.compress(made_up_text(2, 300).encode()))
    return [str(path) for path in sorted(folder.iterdir())]


def opened(engine: SparkEngine, files: list[str], **options: Any) -> SparkText:
    return SparkText.open(engine, files, range_size=20_000, **options)


@pytest.mark.parametrize("recipe", ["plain", "default"])
def test_a_recipe_gives_the_same_bytes(
    engine: SparkEngine, files: list[str], recipe: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sampled, "DefaultSettings", lambda: SMALL)  # by kinds, and in many shards
    settings = LexiconSettings(recipe=recipe)
    here, there = LexiconBuilder(files, settings), LexiconBuilder(None, settings, cluster=opened(engine, files))
    one, other = here.build(), there.build()
    if recipe == "default":
        one, other = with_statistics(one, here.corpus), with_statistics(other, there.corpus, cluster=there.cluster)
    one.save(tmp_path / "one.tsv")
    other.save(tmp_path / "other.tsv")
    assert (tmp_path / "one.tsv").read_bytes() == (tmp_path / "other.tsv").read_bytes()
    assert here.invalid == there.invalid and here.invalid is not None


def test_records_that_are_left_out_are_told_as_here(
    engine: SparkEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    records = [json.dumps({"text": line}, ensure_ascii=False).encode() for line in made_up_text(3, 300).splitlines()]
    Path("1.jsonl").write_bytes(b"\n".join([*records, b'{"title": "x"}', b"no record"]))
    broken = b'{"text": "' + "天地".encode() + b'\xff"}'
    Path("2.jsonl").write_bytes(b"\n".join([*records, b"{}", broken, b""]))
    settings, names = LexiconSettings(recipe="plain"), ["1.jsonl", "2.jsonl"]
    here = LexiconBuilder(Corpus(names, field="text"), settings)
    segmenter = Segmenter(here.build())
    notes = list(corpus_notes(here.corpus, here.invalid))
    assert notes[-1].startswith("left out 3 records, the first: 1.jsonl:301: has no field 'text'")
    there = LexiconBuilder(None, settings, cluster=opened(engine, names, field="text"))
    assert there.build() == segmenter.lexicon and list(corpus_notes(there.corpus, there.invalid)) == notes
    text = opened(engine, names, field="text")
    assert list(corpus_notes(text.corpus, find_invalid(text, segmenter))) == notes
    finder = TemplateFinder(None, segmenter, cluster=opened(engine, names, field="text"))
    finder.find()
    assert list(corpus_notes(finder.corpus, finder.invalid)) == notes


def test_templates_are_the_same(engine: SparkEngine, files: list[str], tmp_path: Path) -> None:
    segmenter = Segmenter(LexiconBuilder(files, LexiconSettings(recipe="plain")).build())
    TemplateFinder(files, segmenter).find().save(tmp_path / "one.tsv")
    TemplateFinder(None, segmenter, cluster=opened(engine, files)).find().save(tmp_path / "other.tsv")
    assert (tmp_path / "one.tsv").read_bytes() == (tmp_path / "other.tsv").read_bytes()


def test_segmented_text_is_a_folder_of_parts_with_a_mark(engine: SparkEngine, files: list[str], tmp_path: Path) -> None:
    segmenter = Segmenter()
    text = opened(engine, files, keep_bom=True)
    invalid = find_invalid(text, segmenter)
    text.write(cut_cluster_text(text, segmenter, b" ", None), str(tmp_path / "out"))
    segmenter.cut_file(files[0], tmp_path / "1.txt")
    segmenter.cut_file(files[1], tmp_path / "2.txt")
    parts = sorted((tmp_path / "out").glob("part-*"))
    assert (tmp_path / "out" / "_SUCCESS").exists() and len(parts) > 1
    expected = (tmp_path / "1.txt").read_bytes() + (tmp_path / "2.txt").read_bytes()
    assert b"".join(part.read_bytes() for part in parts) == expected
    assert invalid is not None and (invalid.count, invalid.first_place) == (1, f"{files[0]}:1501")
    with pytest.raises(Exception, match="PATH_ALREADY_EXISTS"):
        text.write(cut_cluster_text(text, segmenter, b" ", None), str(tmp_path / "out"))


def test_urls_are_read_by_spark(engine: SparkEngine, files: list[str]) -> None:
    settings = LexiconSettings(recipe="plain")
    urls = [f"file://{path}" for path in files]
    lexicon = LexiconBuilder(None, settings, cluster=opened(engine, urls)).build()
    assert lexicon == LexiconBuilder(files, settings).build()
    folder = opened(engine, [f"file://{Path(files[0]).parent}"])
    assert [Path(file).name for file in folder.corpus.files] == ["1.txt", "2.txt.gz"]
    for url, problem in (
        ("file:///nowhere/at/all.txt", "no such file"),
        ("s3a://bucket/text", "it has no connector for these URLs; docs/spark.md tells how"),
        ("hdfs://127.0.0.1:1/text", "Connection refused"),
    ):
        with pytest.raises(MinentError, match=f"{re.escape(url)}: .*{problem}") as raised:
            opened(engine, [url])
        assert "\n" not in str(raised.value)


def test_a_folder_that_exists_is_refused_before_the_text_is_read(engine: SparkEngine, tmp_path: Path) -> None:
    file = tmp_path / "text.txt"
    file.write_text("天地玄黄\n", encoding="utf-8")
    text = opened(engine, [str(file)])
    text.require_absent(str(tmp_path / "new"))
    for there in (tmp_path, file):
        for name in (str(there), there.as_uri()):
            with pytest.raises(OutputError, match="exists already, and is not overwritten"):
                text.require_absent(name)


def test_a_file_of_more_than_a_tebibyte_is_refused(engine: SparkEngine, tmp_path: Path) -> None:
    file = tmp_path / "huge.txt"
    with file.open("wb") as huge:
        huge.truncate(1 << 40)  # a hole; places of text have 40 bits within a file
    with pytest.raises(CorpusError, match=r"huge.txt: has more than 1,024 GiB; split it at a line end"):
        opened(engine, [str(file)]).pieces()
    with pytest.raises(CorpusError, match="has more than 1,024 GiB"):
        opened(engine, [file.as_uri()])


def test_one_file_is_read_by_many_tasks_on_both_workers(engine: SparkEngine, tmp_path: Path) -> None:
    file = tmp_path / "one.txt"
    file.write_text("天地玄黄，宇宙洪荒。" * 40_000, encoding="utf-8")  # a line of 1.2 MB
    pieces = opened(engine, [str(file)]).pieces()
    rows = pieces.map(_places).collect()
    assert len({row.key for row in rows}) > 20  # tasks
    assert len({bytes(row.data) for row in rows}) == 2  # machines
    whole = b"".join(bytes(row.data) for row in sorted(pieces.collect(), key=lambda row: row.place))
    assert whole == file.read_bytes()


def test_what_is_rare_is_exchanged_and_does_not_come_to_the_driver(engine: SparkEngine, tmp_path: Path) -> None:
    draw = random.Random(3)
    letters = [chr(0x4E00 + k) for k in range(3000)]
    lines = ["".join(draw.choices(letters, k=20)) + "，天地玄黄\n" for _ in range(20_000)]
    file = tmp_path / "rare.txt"
    file.write_text("".join(lines), encoding="utf-8")
    pairs = len({line[k : k + 2] for line in lines for k in range(19)})
    before, received = engine.volumes(), engine.received
    text = SparkText.open(engine, [str(file)], range_size=1 << 18)
    lexicon = LexiconBuilder(None, LexiconSettings(recipe="plain"), cluster=text).build()
    after = engine.volumes()
    assert "天地玄黄" in lexicon
    assert after.shuffled - before.shuffled > 4 * pairs  # packed
    assert after.results - before.results < (after.shuffled - before.shuffled) / 4  # with what Spark adds to each task
    assert engine.received - received < 200_000


def test_a_hot_key_is_no_more_work_than_others(engine: SparkEngine, tmp_path: Path) -> None:
    draw = random.Random(4)
    letters = [chr(0x4E00 + k) for k in range(3000)]
    rare = ["".join(draw.choices(letters, k=20)) + "\n" for _ in range(5_000)]
    file = tmp_path / "hot.txt"
    file.write_text("".join(line + "天地" * 60 + "\n" for line in rare), encoding="utf-8")  # 天地: 85 % of the text
    text = SparkText.open(engine, [str(file)], range_size=1 << 18)
    coded = ClusterCorpus(text.corpus, Alphabet.from_counts(count_cluster_units(text)[0]), text=text)
    make = _MakeNgrams(coded.shared((coded.alphabet, NgramLevels())))
    counted = text.pieces().map(CountPieces(make, read_shards))
    sizes: Counter[int] = Counter()
    for row in counted.exchanged().map(_task_sizes).collect():
        sizes[row.key] += row.place
    assert len(sizes) == text.parts
    assert max(sizes.values()) < 2 * sum(sizes.values()) / len(sizes)


def _task_sizes(rows: Iterator[Row]) -> Iterator[Row]:
    """The number of the task, and the bytes that it gets."""
    from pyspark import TaskContext

    yield Row(TaskContext.get().partitionId(), sum(len(row.data) for row in rows), b"")


def _places(rows: Iterator[Row]) -> Iterator[Row]:
    """Where each piece was read: the number of the task, the folder of the worker."""
    from pyspark import TaskContext

    for row in rows:
        yield Row(TaskContext.get().partitionId(), row.place, os.getcwd().encode())


def test_what_a_task_finds_wrong_is_told_as_if_it_were_found_here(engine: SparkEngine, files: list[str]) -> None:
    with pytest.raises(CorpusError, match=r"1\.txt:1501: not valid UTF-8 at byte 1"):
        LexiconBuilder(None, cluster=opened(engine, files, errors="strict")).build()


def test_a_file_that_a_worker_cannot_read_is_told(engine: SparkEngine, tmp_path: Path) -> None:
    file = tmp_path / "gone.txt"
    for change, message in (
        (lambda: file.write_text("天\n"), "is shorter here than on the machine that has sent us"),
        (file.unlink, "no such file or folder"),
    ):
        file.write_text("天地玄黄\n" * 1000, encoding="utf-8")
        pieces = opened(engine, [str(file)]).pieces()
        change()
        with pytest.raises(Exception) as raised:
            pieces.collect()
        told = str(task_error(str(raised.value)))
        assert told.startswith(f"{file}: {message}") and "\n" not in told


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "… Traceback (most recent call last):\n  x\nminent.errors.CorpusError: a.gz: cut off\n\tat java",
            "a.gz: cut off",
        ),
        ("Traceback (most recent call last):\nModuleNotFoundError: No module named 'minent'\n", "has no module named"),
        ("Traceback (most recent call last):\nValueError: odd\n", "spark: a task failed: ValueError: odd; -v shows"),
        (
            "error\n: java.lang.A: x\n\tat b\nCaused by: java.io.IOException: No space left",
            "No space left; -v shows more",
        ),
        (
            "error\n: java.lang.ClassNotFoundException: Class org.apache.hadoop.fs.s3a.X not found",
            "it has no connector",
        ),
    ],
)
def test_errors_are_one_line(text: str, message: str) -> None:
    error = task_error(text)
    assert message in str(error) and "\n" not in str(error)
    assert isinstance(error, MinentError) and error.exit_code == 1


@pytest.mark.parametrize(
    ("arguments", "message", "code"),
    [
        (["build-lexicon", "{file}", "--master", "local"], "--master goes with --engine spark", 2),
        (["build-lexicon", "{file}", "--engine", "spark", "--spark-conf", "x"], "is not written like", 2),
        (["build-lexicon", "{file}", "--engine", "spark", "-S", "1G"], "--memory goes with --engine local", 2),
        (["build-lexicon", "{file}", "--engine", "spark", "--run", "r"], "--run goes with --engine local", 2),
        (["build-lexicon", "--engine", "spark"], "<stdin>: is not on the cluster; name files", 1),
        (["segment", "{file}", "--engine", "spark"], "name it with -o FOLDER", 2),
        (["segment", "{file}", "--engine", "spark", "-o", "x", "--nbest", "2"], "--nbest goes with --engine local", 2),
        (["templates", "{file}", "--engine", "spark", "--classes"], "--classes goes with --engine local", 2),
        (["build-lexicon", "{file}", "--engine", "spark", "--master", "spark://127.0.0.1:1"], "no master answers", 1),
        (["build-lexicon", "{file}", "--engine", "spark", "--master", "spark://127.0.0.1"], "spark://HOST:PORT", 1),
    ],
)
def test_options_that_do_not_go_together_are_told(
    arguments: list[str], message: str, code: int, files: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([argument.format(file=files[0]) for argument in arguments]) == code
    assert message in capsys.readouterr().err


def test_a_java_that_does_not_start_is_told_with_its_reason(files: list[str]) -> None:
    command = [sys.executable, "-m", "minent", "build-lexicon", files[0], "--engine", "spark"]
    command += ["--spark-conf", "spark.driver.memory=1x"]
    done = subprocess.run(command, capture_output=True, text=True)
    message = "minent: spark: does not start: Invalid maximum heap size: -Xmx1x; -v shows more\n"
    assert (done.returncode, done.stderr) == (1, message)


def test_without_java_or_pyspark_one_line_tells_how_to_get_it(
    files: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JAVA_HOME", "/nowhere")
    command = ["build-lexicon", files[0], "--engine", "spark"]
    assert main(command) == 3
    assert "needs the program java: install Java 17" in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, "pyspark", None)
    assert main(command) == 3
    assert "needs the package pyspark: pip install 'minent[spark]'" in capsys.readouterr().err


def test_the_command_gives_the_same_bytes_and_leaves_nothing(
    cluster: SparkCluster, files: list[str], tmp_path: Path
) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    environment = {**os.environ, "TMPDIR": str(temporary)}
    spark = ["--engine", "spark", "--master", cluster.master]
    for key, value in {**CONF, "spark.local.dir": str(temporary)}.items():
        spark += ["--spark-conf", f"{key}={value}"]

    def run(*arguments: str) -> None:
        command = [sys.executable, "-m", "minent", "build-lexicon", *files, *arguments]
        subprocess.run(command, env=environment, check=True, capture_output=True)

    run("-o", str(tmp_path / "one.tsv"))
    run("-o", str(tmp_path / "other.tsv"), *spark)
    assert (tmp_path / "one.tsv").read_bytes() == (tmp_path / "other.tsv").read_bytes()
    assert (tmp_path / "one.model.npz").read_bytes() == (tmp_path / "other.model.npz").read_bytes()
    assert [path.name for path in temporary.iterdir() if not path.name.startswith("hsperfdata")] == []


def test_a_worker_that_dies_in_the_middle_changes_nothing(
    cluster: SparkCluster, engine: SparkEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sampled, "DefaultSettings", lambda: SMALL)
    draw = random.Random(7)
    file = tmp_path / "text.txt"
    file.write_text("".join(made_up_text(draw.random()) for _ in range(20)), encoding="utf-8")
    collect, calls = SparkRows.collect, []
    cluster.add_worker()
    victim = cluster.workers[0]

    def collect_and_kill(rows: SparkRows) -> list[Row]:
        calls.append(rows)
        if len(calls) == 3:  # what was kept on its disk is gone, too, and the task at hand
            threading.Timer(0.3, cluster.kill, [victim]).start()
        return collect(rows)

    monkeypatch.setattr(SparkRows, "collect", collect_and_kill)
    settings = LexiconSettings()
    there = LexiconBuilder(None, settings, cluster=opened(engine, [str(file)])).build()
    assert len(calls) > 4 and not cluster.is_alive(victim)
    assert there == LexiconBuilder([str(file)], settings).build()


def test_a_session_of_ones_own_is_told_of_another(engine: SparkEngine) -> None:
    with pytest.raises(SparkError, match="runs in this process already"), spark_engine("local[1]"):
        pass
