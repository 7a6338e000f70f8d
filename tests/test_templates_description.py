"""Bits of a text under templates, against a count by hand."""

from __future__ import annotations

import math

import pytest

from minent.corpus.alphabet import Alphabet
from minent.corpus.sources import open_corpus
from minent.counting import count_corpus_units
from minent.templates import MinedTemplate, Template, TemplateSet
from minent.templates.description import entropy_of_templates

TEXT = ["甲 的 乙", "丙 的 丁", "甲 的 丁", "丙 的 乙"] * 4


def alphabet() -> Alphabet:
    return Alphabet.from_counts(count_corpus_units(open_corpus(TEXT))[0])


def test_without_templates_a_sentence_is_its_length_and_its_words() -> None:
    found = entropy_of_templates(TEXT, TemplateSet([]), alphabet(), pretokenized=True)
    shares = [16 / 64, 16 / 64, *[8 / 64] * 4]  # a length of three; 的; the other words
    assert (found.types, found.tokens, found.units_per_token) == (6, 64, pytest.approx(48 / 64))
    assert found.bits_per_token == pytest.approx(-sum(share * math.log2(share) for share in shares))


def test_a_template_stands_for_its_own_words_and_the_length() -> None:
    templates = TemplateSet([MinedTemplate(Template.parse("[X] 的 [X]"), 16)])
    found = entropy_of_templates(TEXT, templates, alphabet(), pretokenized=True)
    shares = [16 / 48, *[8 / 48] * 4]  # the template; the words in its slots
    assert (found.types, found.tokens, found.units_per_token) == (5, 48, pytest.approx(1.0))
    assert found.bits_per_token == pytest.approx(-sum(share * math.log2(share) for share in shares))
    nothing = entropy_of_templates(TEXT, TemplateSet([]), alphabet(), pretokenized=True)
    assert found.bits_per_unit < nothing.bits_per_unit


def test_templates_of_parses_and_classes_beside_those_of_skip_grams_change_nothing() -> None:
    own = MinedTemplate(Template.parse("[X] 的 [X]"), 16)
    others = [MinedTemplate(Template.parse(text), 99, (), "parse") for text in ("[X] 的 [X]", "甲 [X] [X]", "丙 的")]
    others.append(MinedTemplate(Template.parse("<N> 的 [X]"), 99, (), "class"))
    mixed, alone = (
        entropy_of_templates(TEXT, TemplateSet(entries), alphabet(), pretokenized=True)
        for entries in ([own, *others], [own])
    )
    assert mixed == alone
    parsed = entropy_of_templates(TEXT, TemplateSet(others), alphabet(), pretokenized=True)
    assert (
        parsed.bits_per_unit < entropy_of_templates(TEXT, TemplateSet([]), alphabet(), pretokenized=True).bits_per_unit
    )
