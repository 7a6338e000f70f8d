"""Rules of couplets: as judged and as masked, against hand-made cases and against all lines of a small alphabet."""

from __future__ import annotations

from itertools import product

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("pypinyin")

import naive_couplet  # noqa: E402
from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from minent.neural.couplet.aligned import Aligned, AlignedConfig  # noqa: E402
from minent.neural.couplet.characters import Alphabet  # noqa: E402
from minent.neural.couplet.decoding import Draws, answer_lines  # noqa: E402
from minent.neural.couplet.gated_cnn import GatedCnn, GatedCnnConfig  # noqa: E402
from minent.neural.couplet.pairs import Pairs  # noqa: E402
from minent.neural.couplet.rules import keeps, rules_of  # noqa: E402
from minent.neural.couplet.settings import RULES, DecodingSettings  # noqa: E402
from minent.neural.couplet.task import CodedPairs, lower_nats  # noqa: E402
from minent.neural.couplet.tones import tone_of  # noqa: E402

CHARACTERS = "花柳红绿，？"  # level, oblique, level, oblique, two marks
KEPT = st.sets(st.sampled_from(RULES)).map(lambda rules: tuple(sorted(rules)))
UPPER = st.text(alphabet=CHARACTERS + "雪。", min_size=1, max_size=3)  # 雪 and 。 are unknown to the models


def models():
    torch.manual_seed(3)
    tagger = GatedCnn(GatedCnnConfig(CHARACTERS, dim=4, layers=1))
    aligned = Aligned(AlignedConfig(CHARACTERS, dim=4, heads=1, encoder_layers=1, decoder_layers=1))
    for model in (tagger, aligned):
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.add_(torch.randn_like(parameter))
        model.eval()
    return {"aligned": aligned, "gated-cnn": tagger}


MODELS = models()


@pytest.mark.parametrize(
    ("rule", "upper", "lower", "kept"),
    [
        ("position", "天对地", "雨对风", False),
        ("position", "天对地", "对雨风", True),
        ("position", "天，地", "雨，风", True),
        ("upper", "天对地", "对雨风", False),
        ("upper", "天对地", "雨和风", True),
        ("upper", "天，地", "雨，风", True),
        ("repeats", "晚风摇树树还挺", "晨露润花花更红", True),
        ("repeats", "晚风摇树树还挺", "晨露润花草更红", False),
        ("repeats", "晚风摇草树还挺", "晨露润花花更红", False),
        ("repeats", "红，绿，柳", "花，花，雪", False),
        ("repeats", "红，绿，柳", "花，草，雪", True),
        ("marks", "天，地", "雨，风", True),
        ("marks", "天，地", "雨、风", False),
        ("marks", "天，地", "雨风，", False),
        ("marks", "天对地", "雨，风", False),
        ("marks", "○对地", "雨连○", True),
        ("tones", "红花绿柳", "白雪青天", True),
        ("tones", "红花绿柳", "白雪青草", False),
        ("tones", "红花，绿柳", "白雪，青天", True),
        ("tones", "红花，绿柳", "白云，青天", False),
        ("tones", "绿柳。", "青草。", False),
        ("tones", "去吧", "来A", True),
        ("tones", "，", "，", True),
    ],
)
def test_a_rule_is_judged(rule: str, upper: str, lower: str, kept: bool) -> None:
    assert keeps(rule, upper, lower) is kept


@pytest.mark.parametrize(
    ("character", "tone"),
    [("天", "level"), ("红", "level"), ("雨", "oblique"), ("地", "oblique"), ("吗", None), ("A", None), ("□", None)],
)
def test_a_character_has_the_tone_of_its_most_common_reading(character: str, tone: str | None) -> None:
    assert tone_of(character) == tone


def lines_by_masks(upper: str, rules) -> set[str]:
    """All lower lines that the masks let through, place by place."""
    masks = rules_of(upper, Alphabet(CHARACTERS), rules)
    found = set()
    for ids in product(range(len(CHARACTERS) + 1), repeat=len(upper)):
        places = range(len(upper))
        if (
            all(masks.allowed[place, ids[place]] for place in places)
            and all(masks.first[place] < 0 or ids[place] == ids[masks.first[place]] for place in places)
            and all(ids[a] != ids[b] for a in places for b in range(a) if masks.distinct[a] and masks.distinct[b])
        ):
            found.add("".join(masks.marks.get(place) or CHARACTERS[ids[place] - 1] for place in places))
    return found


def lines_by_judgement(upper: str, rules) -> set[str]:
    """All lines of known characters, and of the marks of the upper line, that keep the rules."""
    alphabet = [
        [upper[place]] if "marks" in rules and upper[place] in "，？。" else list(CHARACTERS)
        for place in range(len(upper))
    ]
    lines = ("".join(line) for line in product(*alphabet))
    return {line for line in lines if all(keeps(rule, upper, line) for rule in rules)}


@settings(max_examples=40)
@given(UPPER, KEPT)
def test_the_masks_let_through_what_keeps_the_rules_and_nothing_else(upper: str, rules) -> None:
    assert lines_by_masks(upper, rules) == lines_by_judgement(upper, rules)


@settings(max_examples=20)
@given(UPPER, KEPT, st.sampled_from(sorted(MODELS)), st.integers(1, 4))
def test_a_wide_beam_finds_the_best_lines_of_all(upper: str, rules, name: str, most: int) -> None:
    model = MODELS[name]
    found = answer_lines(
        model, [upper], DecodingSettings(rules=rules, answers=most, beam=len(CHARACTERS) ** len(upper))
    )[0]
    right = sorted(lines_by_judgement(upper, rules))
    if not right:
        assert found == []
        return
    nats = lower_nats(model, CodedPairs(Pairs([upper] * len(right), right), Alphabet(CHARACTERS)), "cpu")
    wanted = sorted(-nats, reverse=True)[:most]
    assert [answer.log_prob for answer in found] == pytest.approx(wanted, abs=1e-4)
    chances = dict(zip(right, -nats, strict=True))
    for answer in found:
        assert answer.log_prob == pytest.approx(chances[answer.lower], abs=1e-4)


@settings(max_examples=25)
@given(UPPER, KEPT, st.sampled_from(sorted(MODELS)), st.floats(0.01, 100), st.integers(0, 99))
def test_lines_that_are_drawn_keep_the_rules(upper: str, rules, name: str, temperature: float, seed: int) -> None:
    settings = DecodingSettings(rules=rules, answers=5, temperature=temperature, seed=seed)
    answers = answer_lines(MODELS[name], [upper], settings)[0]
    assert {answer.lower for answer in answers} <= lines_by_judgement(upper, rules)
    assert len({answer.lower for answer in answers}) == len(answers)


def test_a_draw_depends_on_the_line_and_the_seed_alone() -> None:
    def draw(lines, seed: int):
        settings = DecodingSettings(rules=(), answers=3, temperature=1.0, seed=seed)
        found = answer_lines(MODELS["aligned"], lines, settings)
        return [[answer.lower for answer in answers] for answers in found]

    alone = draw(["花红柳绿"], 1)[0]
    assert draw(["绿柳红花", "花", "花红柳绿", "柳柳柳柳"], 1)[2] == alone
    assert any(draw(["花红柳绿"], seed)[0] != alone for seed in range(2, 6))


def test_draws_follow_the_probabilities() -> None:
    chances = torch.tensor([0.5, 0.3, 0.0, 0.15, 0.05, 0.0], dtype=torch.float64)
    for temperature in (0.5, 1.0, 2.0):
        draws = Draws(["花"], 20_000, DecodingSettings(temperature=temperature))
        drawn = draws.choose(chances.log().expand(1, 20_000, 6), 0)[0]
        wanted = chances ** (1 / temperature) / (chances ** (1 / temperature)).sum()
        shares = drawn.bincount(minlength=6) / 20_000
        assert (abs(shares - wanted) <= 4 * (wanted * (1 - wanted) / 20_000) ** 0.5).all()


def test_a_higher_temperature_draws_more_lines() -> None:
    def different(temperature: float) -> int:
        settings = DecodingSettings(rules=(), answers=40, temperature=temperature)
        return len(answer_lines(MODELS["aligned"], ["花红柳绿"], settings)[0])

    assert different(0.01) < different(1.0) < different(100.0)


def test_lines_of_several_lengths_are_answered_in_their_order() -> None:
    uppers = ["花红", "花", "柳，绿", "红花"]
    together = answer_lines(MODELS["gated-cnn"], uppers)
    for upper, answers in zip(uppers, together, strict=True):
        (alone,) = answer_lines(MODELS["gated-cnn"], [upper])
        assert [answer.lower for answer in answers] == [answer.lower for answer in alone]
        assert [answer.log_prob for answer in answers] == pytest.approx([answer.log_prob for answer in alone], abs=1e-5)


def test_a_mark_that_the_model_does_not_know_is_copied() -> None:
    (answers,) = answer_lines(MODELS["aligned"], ["花；柳"], DecodingSettings(rules=("marks",)))
    assert answers[0].lower[1] == "；"


def test_a_line_that_no_lower_line_can_answer_gets_none() -> None:
    assert answer_lines(MODELS["aligned"], ["花柳红绿"], DecodingSettings(rules=("upper", "marks"))) == [[]]


def test_an_empty_upper_line_is_refused() -> None:
    with pytest.raises(ValueError, match="must have a character"):
        answer_lines(MODELS["aligned"], ["花", ""])


@pytest.mark.parametrize(
    ("choice", "problem"),
    [
        ({"rules": ("rhyme",)}, "no such rule"),
        ({"answers": 0}, "at least 1"),
        ({"beam": 0}, "at least 1"),
        ({"temperature": -1.0}, "temperature"),
        ({"temperature": float("nan")}, "temperature"),
        ({"temperature": 1e-9}, "temperature"),
    ],
)
def test_choices_out_of_their_bounds_are_refused(choice, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        DecodingSettings(**choice)


@given(st.lists(st.tuples(*[st.text("花柳红", min_size=1, max_size=6)] * 2), min_size=1, max_size=5), st.integers(1, 4))
def test_bleu_is_that_of_a_plain_count(lines, order: int) -> None:
    from minent.neural.couplet.evaluation import bleu

    references, candidates = zip(*lines, strict=True)
    assert bleu(references, candidates, order) == pytest.approx(naive_couplet.bleu(references, candidates, order))
