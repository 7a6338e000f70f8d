"""A run that was cut off anywhere goes on and gives the same bytes; what changed is told; no directory is believed."""

from __future__ import annotations

import contextlib
import io
import json
import os
import random
import shutil
import sys
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minent.corpus.alphabet
from minent import cli
from minent.corpus.sources import Corpus, Shard
from minent.discovery import KEPT_STAGES, LexiconBuilder, run_description
from minent.errors import MinentError, RunError
from minent.lexicon import parse_lexicon
from minent.memory import Memory
from minent.runs import RunDirectory
from minent.settings import LexiconSettings
from minent.stages import MAGIC, Stage

RECIPES = ["plain", "cohesion"]
LINES = ["天地人bc天", "天地天地人 7月", "人天地，天地玄黄bc", "宇宙洪荒 天地 2001年", "a股天地", "地人天地人7"]


class Cut(Exception):
    """Somebody pulled the plug."""


def build(
    corpus: Corpus, where: Path, recipe: str = "plain", *, update: bool = False, jobs: int = 1, resume: bool = True
) -> bytes:
    """Mine with a run directory, saving as often as possible."""
    chosen = LexiconSettings(recipe=recipe, min_pmi=0.5)
    builder = LexiconBuilder(corpus, chosen, protect=["天bc"], jobs=jobs)
    description = run_description(corpus, chosen, builder.lists)
    begin = RunDirectory.update if update else RunDirectory.start
    builder.run = begin(where, description, resume=resume)
    builder.run.seconds = 0
    content = builder.build().to_bytes()
    builder.run.finish(KEPT_STAGES)
    return content


def expected(paths: list[Path], recipe: str) -> bytes:
    chosen = LexiconSettings(recipe=recipe, min_pmi=0.5)
    return LexiconBuilder(Corpus(paths), chosen, protect=["天bc"]).build().to_bytes()


class Cutting(Corpus):
    """A corpus that breaks off after some shards."""

    left = 1 << 30

    def shards(self, *arguments: object, **named: object) -> Iterator[Shard]:
        for shard in super().shards(*arguments, **named):  # type: ignore[arg-type]
            self.left -= 1
            if self.left < 0:
                raise Cut
            yield shard


def write(path: Path, lines: list[str]) -> Path:
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    return path


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("jobs", [1, 3])
def test_a_run_that_is_cut_off_after_every_shard_gives_the_same_bytes(tmp_path: Path, recipe: str, jobs: int) -> None:
    path = write(tmp_path / "corpus.txt", LINES * 3)
    cuts = 0
    while True:
        corpus = Cutting(path, shard_size=40)
        corpus.left = 4 + 3 * cuts  # those that are skipped count too
        try:
            content = build(corpus, tmp_path / "run", recipe, jobs=jobs)
            break
        except Cut:
            cuts += 1
    assert content == expected([path], recipe)
    assert cuts > 3
    names = {entry.name.split(".")[0] for entry in (tmp_path / "run" / "1").iterdir()}
    assert names == {"run", "done", *KEPT_STAGES}


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_finished_run_can_be_resumed(tmp_path: Path, recipe: str) -> None:
    path = write(tmp_path / "corpus.txt", LINES)
    first = build(Corpus(path), tmp_path / "run", recipe)
    assert build(Corpus(path), tmp_path / "run", recipe, jobs=2) == first == expected([path], recipe)


lines = st.lists(st.text(alphabet="天地人玄bc7 ，", max_size=12), max_size=6)


@settings(max_examples=25)
@given(st.lists(lines, min_size=2, max_size=3), st.sampled_from(RECIPES), st.sampled_from([1 << 17, 0]))
def test_an_update_gives_the_lexicon_of_both_texts(
    tmp_path_factory: pytest.TempPathFactory, texts: list[list[str]], recipe: str, kept_runs: int
) -> None:
    folder = tmp_path_factory.mktemp("update")
    paths = [write(folder / f"{k}.txt", [*text, "天地bc天地"]) for k, text in enumerate(texts)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(minent.corpus.alphabet, "KEPT_RUNS", kept_runs)
        build(Corpus(paths[:1], shard_size=16), folder / "run", recipe)
        for size in range(2, len(paths) + 1):
            corpus = Corpus(paths[:size], shard_size=16)
            content = build(corpus, folder / "run", recipe, update=True, resume=False)
            assert content == expected(paths[:size], recipe)
            assert [entry.name for entry in (folder / "run").iterdir() if entry.is_dir()] == [str(size)]


@pytest.mark.parametrize("recipe", RECIPES)
def test_an_update_that_is_cut_off_after_every_shard_gives_the_same_bytes(tmp_path: Path, recipe: str) -> None:
    old, new = write(tmp_path / "old.txt", LINES * 2), write(tmp_path / "new.txt", ["玄黄天地，bc天", *LINES])
    build(Corpus(old, shard_size=40), tmp_path / "run", recipe)
    cuts = 0
    while True:
        corpus = Cutting([old, new], shard_size=40)
        corpus.left = 4 + 3 * cuts  # those that are skipped count too
        try:
            content = build(corpus, tmp_path / "run", recipe, update=True)
            break
        except Cut:
            cuts += 1
    assert content == expected([old, new], recipe)
    assert cuts > 2


def test_an_update_reads_the_old_text_only_where_it_must(tmp_path: Path) -> None:
    old, new = write(tmp_path / "old.txt", LINES), write(tmp_path / "new.txt", LINES)
    build(Corpus(old), tmp_path / "run")

    read: list[str] = []

    class Watched(Corpus):
        def shards(self, *arguments: object, **named: object) -> Iterator[Shard]:
            for shard in super().shards(*arguments, **named):  # type: ignore[arg-type]
                read.append(shard.path)
                yield shard

    build(Watched([old, new]), tmp_path / "run", update=True)
    passes = [[new], [new], [old, new], [old, new]]  # units, pairs; pieces; a protected word that was not counted
    assert read == [str(path) for paths in passes for path in paths]


@pytest.mark.parametrize(
    ("encoding", "data"),
    [
        ("utf-8", "天地\n".encode() * 9 + b"\xff" + "人\n".encode()),
        ("gb18030", "天地\n".encode("gb18030") * 9 + b"\xff"),
    ],
)
def test_invalid_bytes_are_reported_by_a_run_that_was_cut_off(tmp_path: Path, encoding: str, data: bytes) -> None:
    path, other = tmp_path / "corpus.txt", tmp_path / "other.txt"
    path.write_bytes(data)
    other.write_bytes(data)

    def report(paths: list[Path], cut: int, update: bool = False) -> object:
        corpus = Cutting(paths, shard_size=16, encoding=encoding)
        corpus.left = cut
        builder = LexiconBuilder(corpus, LexiconSettings(recipe="plain"))
        description = run_description(corpus, builder.settings, builder.lists)
        begin = RunDirectory.update if update else RunDirectory.start
        builder.run = begin(tmp_path / "run", description, resume=True)
        builder.run.seconds = 0
        builder.build()
        builder.run.finish(KEPT_STAGES)
        return builder.invalid

    with pytest.raises(Cut):
        report([path], 10)
    assert str(report([path], 1 << 30)) == f"InvalidBytes(count=1, first_place='{path}:10')"
    assert str(report([path, other], 1 << 30, True)) == f"InvalidBytes(count=2, first_place='{path}:10')"


# What is refused


def minent_build(*arguments: object) -> tuple[int, str]:
    """Exit code and message of `minent build-lexicon`."""
    given = [] if "--recipe" in arguments or "--update" in arguments else ["--recipe", "plain"]
    with contextlib.redirect_stderr(io.StringIO()) as errors:
        code = cli.main(["build-lexicon", "-q", *given, *map(str, arguments)])
    return code, errors.getvalue()


@pytest.fixture
def finished(tmp_path: Path) -> tuple[Path, Path]:
    """A text and a finished run over it."""
    path = write(tmp_path / "corpus.txt", LINES * 3)
    code, message = minent_build(path, "--run", tmp_path / "run", "-o", tmp_path / "l.tsv")
    assert (code, message) == (0, "")
    return path, tmp_path / "run"


def test_a_run_directory_is_not_taken_for_another_run(finished: tuple[Path, Path], tmp_path: Path) -> None:
    path, run = finished
    out = ["-o", tmp_path / "l.tsv"]
    assert minent_build(path, "--run", run, "--resume", *out)[0] == 0
    code, message = minent_build(path, "--run", run, *out)
    assert code == 1 and "holds a run already; --resume continues it, --update adds text to it" in message
    code, message = minent_build(path, "--run", run, "--resume", "--min-count", 3, *out)
    assert code == 1 and "was begun with min_count none, not 3; run it as it was begun" in message
    code, message = minent_build(path, "--run", run, "--resume", "--recipe", "cohesion", *out)
    assert code == 1 and "was begun with recipe 'plain', not 'cohesion'" in message
    words = write(tmp_path / "words.txt", ["天地"])
    code, message = minent_build(path, "--run", run, "--resume", "--protect", words, *out)
    assert code == 1 and "was begun with other words for --protect" in message
    other = write(tmp_path / "other.txt", LINES)
    code, message = minent_build(other, "--run", run, "--resume", *out)
    assert code == 1 and f"was begun with the input {path}, not {other}" in message
    code, message = minent_build(path, other, "--run", run, "--resume", *out)
    assert code == 1 and f"was begun without the input {other}" in message
    os.utime(path, ns=(1, 1))
    code, message = minent_build(path, "--run", run, "--resume", *out)
    assert code == 1 and f"was begun with another state of {path}: it has changed since" in message
    code, message = minent_build(other, "--update", run, *out)
    assert code == 1 and "it has changed since" in message


def test_another_version_does_not_go_on_with_a_run(
    finished: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, run = finished
    monkeypatch.setattr(minent, "__version__", "99.0")
    code, message = minent_build(path, "--run", run, "--resume", "-o", tmp_path / "l.tsv")
    assert code == 1 and "was begun with minent '" in message and "not '99.0'" in message


def test_an_update_takes_its_settings_from_the_run(tmp_path: Path) -> None:
    old, new = write(tmp_path / "old.txt", LINES), write(tmp_path / "new.txt", LINES)
    out = tmp_path / "l.tsv"
    given = ["--recipe", "cohesion", "--min-count", 2, "--units", "char", "--encoding", "auto"]
    assert minent_build(old, "--run", tmp_path / "run", *given, "-o", out)[0] == 0
    assert minent_build(new, "--update", tmp_path / "run", "-o", out)[0] == 0
    both = tmp_path / "both.tsv"
    assert minent_build(old, new, *given, "-o", both)[0] == 0
    assert out.read_bytes() == both.read_bytes()
    code, message = minent_build(new, "--update", tmp_path / "run", "--recipe", "plain", "-o", out)
    assert code == 1 and "was begun with recipe 'cohesion', not 'plain'" in message
    code, message = minent_build(new, "--update", tmp_path / "run", *given, "-o", out)
    assert code == 1 and f"has counted {new} already" in message


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--resume"], "--resume needs --run DIR or --update DIR"),
        (["--run", "a", "--update", "."], "--run and --update exclude each other"),
        (["--update", "."], "--update needs the files that are added"),
        (["--update", "nowhere", "x.txt"], "'nowhere' does not exist"),
    ],
)
def test_options_that_do_not_go_together(arguments: list[str], problem: str) -> None:
    code, message = minent_build(*arguments)
    assert code == 2 and problem in message


def test_a_run_directory_does_not_lie_in_the_corpus(tmp_path: Path) -> None:
    write(tmp_path / "corpus.txt", LINES)
    for where in (tmp_path, tmp_path / "run", tmp_path / "a" / "b"):
        code, message = minent_build(tmp_path, "--run", where, "-o", tmp_path / "l.tsv")
        assert code == 2 and "its files would be read as text" in message
    assert [entry.name for entry in tmp_path.iterdir()] == ["corpus.txt"]


def test_files_of_the_run_itself_are_no_text(tmp_path: Path) -> None:
    folder, out = tmp_path / "text", tmp_path / "l.tsv"
    folder.mkdir()
    old, new, run = write(folder / "old.txt", LINES), write(tmp_path / "new.txt", LINES), folder / "run"
    assert minent_build(old, "--run", run, "-o", out) == (0, "")
    for arguments in (
        [folder / "**", "--run", run, "--resume"],
        [folder, "--update", run],
        [new, run, "--update", run],
        [new, run / "1" / "run.json", "--update", run],
    ):
        code, message = minent_build(*arguments, "-o", out)
        assert code == 2 and "a file of the run itself, would be read as text" in message
    assert minent_build(new, "--update", run, "-o", out) == (0, "")


@pytest.mark.skipif(sys.platform != "linux", reason="file names are any bytes there")
def test_files_whose_names_are_no_text_can_be_kept_and_added_to(tmp_path: Path) -> None:
    names = [os.fsdecode(os.fsencode(tmp_path) + name) for name in (b"/a\xff.txt", b"/b\n.txt", "/天.txt".encode())]
    old, *new = (write(Path(name), LINES) for name in names)
    out, run = tmp_path / "l.tsv", tmp_path / "run"
    assert minent_build(old, "--run", run, "-o", out) == (0, "")
    assert minent_build(old, "--run", run, "--resume", "-o", out) == (0, "")
    assert minent_build(*new, "--update", run, "-o", out) == (0, "")
    assert minent_build(old, *new, "-o", tmp_path / "both.tsv") == (0, "")
    assert out.read_bytes() == (tmp_path / "both.tsv").read_bytes()


def test_standard_input_cannot_be_kept(tmp_path: Path) -> None:
    code, message = minent_build("-", "--run", tmp_path / "run", "-o", tmp_path / "l.tsv")
    assert code == 1 and "a run directory needs text that can be read again; name files" in message
    assert not (tmp_path / "run").exists()


def test_a_directory_of_something_else_is_no_finished_run(tmp_path: Path) -> None:
    path = write(tmp_path / "corpus.txt", LINES)
    (tmp_path / "other").mkdir()
    code, message = minent_build(path, "--update", tmp_path / "other", "-o", tmp_path / "l.tsv")
    assert code == 1 and "holds no finished run; build-lexicon --run DIR makes one" in message
    code, message = minent_build(path, "--run", tmp_path / "no" / "where", "-o", tmp_path / "l.tsv")
    assert code == 1 and "no such file or folder" in message


def test_two_runs_in_one_directory_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "corpus.txt", LINES)
    corpus = Corpus(path)
    builder = LexiconBuilder(corpus, LexiconSettings(recipe="plain"))
    description = run_description(corpus, builder.settings, builder.lists)
    first = RunDirectory.start(tmp_path / "run", description, resume=True)
    with pytest.raises(RunError, match="is in use by another process; wait for it, or name another folder"):
        RunDirectory.start(tmp_path / "run", description, resume=True)
    assert first.lock is not None
    first.lock.close()
    RunDirectory.start(tmp_path / "run", description, resume=True)


# Hostile directories


def attempt(path: Path, run: Path) -> bytes | None:
    """Resume: whatever is in the directory, it ends with a lexicon or an error that is ours (None)."""
    try:
        builder = LexiconBuilder(Corpus(path), LexiconSettings(recipe="plain"), memory=Memory(200 << 20))
        description = run_description(builder.corpus, builder.settings, builder.lists)
        builder.run = RunDirectory.start(run, description, resume=True)
        return builder.build().to_bytes()
    except MinentError as error:
        assert "\n" not in str(error)
        return None


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A text and a run over it, with all its stages."""
    folder = tmp_path_factory.mktemp("begun")
    path = write(folder / "corpus.txt", LINES * 3)
    corpus = Corpus(path)
    builder = LexiconBuilder(corpus, LexiconSettings(recipe="plain"))
    description = run_description(corpus, builder.settings, builder.lists)
    builder.run = RunDirectory.start(folder / "run", description, resume=False)
    builder.build()
    return path, folder / "run"


STAGES = ["units.00000000-00000001.last", "ngrams-2.00000000-00000001.last", "pieces.00000000-00000001.last"]
NAMES = [*STAGES, "alphabet.00000000-00000000.last", "run.json"]


@settings(max_examples=120)
@given(st.sampled_from(NAMES), st.integers(0, 1 << 32), st.binary(max_size=12), st.booleans())
def test_bytes_that_changed_are_noticed(
    begun: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory, name: str, at: int, data: bytes, cut: bool
) -> None:
    path, run = begun
    copy = tmp_path_factory.mktemp("copy") / "run"
    shutil.copytree(run, copy)
    file = copy / "1" / name
    content = file.read_bytes()
    at %= len(content) + 1
    file.write_bytes(content[:at] + data + (b"" if cut else content[at + len(data) :]))
    assert attempt(path, copy) in (
        None,
        LexiconBuilder(Corpus(path), LexiconSettings(recipe="plain")).build().to_bytes(),
    )


@settings(max_examples=120)
@given(st.sampled_from(STAGES), st.randoms(use_true_random=False))
def test_a_forged_stage_does_no_harm(
    begun: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory, name: str, chance: random.Random
) -> None:
    """Checksums are no protection from who wants to deceive: they are right here, and the numbers are wrong."""
    path, run = begun
    copy = tmp_path_factory.mktemp("copy") / "run"
    shutil.copytree(run, copy)
    forge(copy / "1" / name, chance)
    found = attempt(path, copy)
    assert found is None or all(0 < count < 1 << 50 for count in parse_lexicon(found).counts)


@pytest.mark.parametrize(("stage", "name"), [("units", "chars"), ("pieces", "singles")])
@pytest.mark.parametrize("count", [1 << 50, (1 << 63) - 1, -1])
def test_counts_that_no_text_has_are_damage(
    begun: tuple[Path, Path], tmp_path: Path, stage: str, name: str, count: int
) -> None:
    def change(body: bytearray, footer: dict[str, Any]) -> None:
        _, at, length = footer["arrays"][name]
        counts = np.frombuffer(body, dtype="<i8", count=length, offset=at)
        place = at + 8 * int(np.flatnonzero(counts)[0])
        body[place : place + 8] = count.to_bytes(8, "little", signed=True)

    path, run = begun
    shutil.copytree(run, tmp_path / "run")
    edit(next((tmp_path / "run" / "1").glob(f"{stage}.*")), change)
    assert attempt(path, tmp_path / "run") is None


@pytest.mark.parametrize(("stage", "name"), [("units", "runs"), ("pieces", "long")])
@pytest.mark.parametrize("count", [1 << 46, 1 << 62, (1 << 63) - 1, (1 << 64) - 1, 0])
def test_counts_of_sequences_that_no_text_has_are_damage(
    begun: tuple[Path, Path], tmp_path: Path, stage: str, name: str, count: int
) -> None:
    def change(body: bytearray, footer: dict[str, Any]) -> None:
        at = footer["facts"][f"{name} start"]
        before = int.from_bytes(body[at + 8 : at + 16], "little")
        body[at + 8 : at + 16] = count.to_bytes(8, "little")
        footer["facts"][f"{name} total"] += count - before

    path, run = begun
    shutil.copytree(run, tmp_path / "run")
    file = next((tmp_path / "run" / "1").glob(f"{stage}.*"))
    edit(file, lambda body, footer: None)
    assert attempt(path, tmp_path / "run") is not None
    edit(file, change)
    assert attempt(path, tmp_path / "run") is None


def test_a_total_that_is_not_the_sum_is_damage(begun: tuple[Path, Path], tmp_path: Path) -> None:
    path, run = begun
    for name, total in (("units", "runs"), ("ngrams-2", "ngrams"), ("pieces", "short"), ("pieces", "long")):
        for add in (1, -1, 10**30):
            copy = tmp_path / f"{name} {total} {add}"
            shutil.copytree(run, copy)

            def change(_: bytearray, footer: dict[str, Any], key: str = f"{total} total", add: int = add) -> None:
                footer["facts"][key] += add

            edit(next((copy / "1").glob(f"{name}.*")), change)
            assert attempt(path, copy) is None, copy


@settings(max_examples=120)
@given(st.sampled_from(["units", "ngrams-2", "alphabet"]), st.randoms(use_true_random=False))
def test_a_forged_run_does_an_update_no_harm(
    begun: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory, name: str, chance: random.Random
) -> None:
    path, run = begun
    copy = tmp_path_factory.mktemp("copy") / "run"
    shutil.copytree(run, copy)
    (copy / "1" / "done").touch()
    forge(next((copy / "1").glob(f"{name}.*")), chance)
    try:
        corpus = Corpus([path, write(copy.parent / "new.txt", LINES)])
        builder = LexiconBuilder(corpus, LexiconSettings(recipe="plain"))
        description = run_description(corpus, builder.settings, builder.lists)
        builder.run = RunDirectory.update(copy, description, resume=False)
        builder.build()
    except MinentError as error:
        assert "\n" not in str(error)


def edit(file: Path, change: Callable[[bytearray, dict[str, Any]], None]) -> None:
    """Change the body and the footer of a stage in place, and mend its checksum."""
    content = bytearray(file.read_bytes())
    size = int.from_bytes(content[-8:], "little")
    body, footer = content[: -8 - size], json.loads(bytes(content[-8 - size : -8]))
    change(body, footer)
    footer["check"] = zlib.crc32(body[len(MAGIC) :])
    data = json.dumps(footer).encode()
    file.write_bytes(bytes(body) + data + len(data).to_bytes(8, "little"))


def forge(file: Path, chance: random.Random) -> None:
    """Change a few numbers of a stage, and mend its checksum."""
    edit(file, lambda body, footer: garble(body, footer, chance))


def garble(body: bytearray, footer: dict[str, Any], chance: random.Random) -> None:
    """Change a few numbers of a stage."""
    numbers = [0, 1, 2, 255, 1 << 16, (1 << 31) - 1, (1 << 32) - 1, 1 << 40, (1 << 63) - 1, (1 << 64) - 1]
    for _ in range(chance.randint(0, 3)):
        # near what is not zero: most of the file is
        places = np.flatnonzero(np.frombuffer(bytes(body), dtype=np.uint8)[len(MAGIC) :]) + len(MAGIC)
        at, width = int(chance.choice(places.tolist())), chance.choice([1, 4, 8])
        body[at : at + width] = (chance.choice(numbers) % (1 << 8 * width)).to_bytes(width, "little")
    for _ in range(chance.randint(0, 2)):
        group = footer[chance.choice(["facts", "arrays"])]
        if group:
            key = chance.choice(sorted(group))
            value = chance.choice([-1, 0, 1 << 62, None, "x", [], ["<i8", 16, 1 << 60], ["<i8", -8, 1], {}, 1.5])
            group[key] = value


@pytest.mark.parametrize(
    "description", [b"", b"[]", b"{", b"[" * 100_000, b'{"inputs": 5}', b'{"inputs": [[]], "recipe": []}', b"\xff"]
)
def test_descriptions_that_are_none(finished: tuple[Path, Path], tmp_path: Path, description: bytes) -> None:
    path, run = finished
    (run / "1" / "run.json").write_bytes(description)
    for arguments in ([path, "--run", run, "--resume"], [write(tmp_path / "new.txt", LINES), "--update", run]):
        code, message = minent_build(*arguments, "-o", tmp_path / "l.tsv")
        assert code == 1
        assert message.count("\n") == 1 and "internal error" not in message


def test_strange_things_in_a_run_directory_are_left_alone(finished: tuple[Path, Path], tmp_path: Path) -> None:
    path, run = finished
    (run / "2").symlink_to("2")
    (run / "99999999999").mkdir()
    (run / "1" / "units.00000000-00000000").mkdir()
    (run / "1" / "a\nb").touch()
    os.mkfifo(run / "1" / "pieces.00000000-00000001.last")
    code, message = minent_build(path, "--run", run, "--resume", "-o", tmp_path / "l.tsv")
    assert code == 1 and message.count("\n") == 1


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
@pytest.mark.parametrize("name", ["lock", "1/run.json", "1/done"])
def test_a_pipe_in_a_run_directory_is_not_waited_for(finished: tuple[Path, Path], tmp_path: Path, name: str) -> None:
    path, run = finished
    (run / name).unlink()
    os.mkfifo(run / name)
    new = write(tmp_path / "new.txt", LINES)
    for arguments in ([path, "--run", run, "--resume"], [new, "--update", run]):
        code, message = minent_build(*arguments, "-o", tmp_path / "l.tsv")
        assert (code, message) == (1, f"minent: {run / name}: is not a regular file; remove it, and --resume\n")


def test_a_stage_that_claims_to_be_huge_takes_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "units.00000000-00000001.last"
    for size in (1 << 63, (1 << 64) - 1, 1 << 24, 100):
        path.write_bytes(MAGIC + b"{}" + size.to_bytes(8, "little"))
        with pytest.raises(RunError, match="is damaged; remove it and --resume, or start again"):
            Stage(path)
