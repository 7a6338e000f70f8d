"""Names of people cut into surname and given name (江泽民 → 江, 泽民), found by what a lexicon itself says of names."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minent.conventions.editing import move_counts, without
from minent.corpus.units import HAN, unit_classes
from minent.lexicon import Lexicon

SURNAMES = frozenset(
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏水窦章云苏潘葛奚范彭郎鲁韦昌马苗凤花方"
    "俞任袁柳鲍史唐费廉岑薛雷贺倪汤滕殷罗毕郝邬安常乐于时傅皮卞齐康伍余元顾孟平黄和穆萧尹姚邵湛汪祁毛狄米贝明臧计成戴"
    "谈宋茅庞熊纪舒屈项祝董梁杜阮蓝闵席季强贾路江童颜郭梅盛林刁钟徐邱骆高夏蔡田樊胡凌霍虞万柯管卢莫房裘干解应宗丁宣邓"
    "洪包左石崔吉钮龚程邢裴陆荣翁荀羊惠甄封储靳段富巫焦谷车侯全班仰仲伊宁仇武符刘景詹束龙叶幸司黎溥印怀蒲邰从索赖卓蔺"
    "屠乔阴胥能苍双闻莘党翟谭贡劳姬申堵冉宰雍桑桂牛寿通边扈燕冀浦尚农温庄晏柴瞿阎慕连习宦艾鱼容向古易廖庾终暨居衡步都"
    "耿满弘匡国文寇广禄阙东欧利师巩聂晁勾敖融冷辛阚简饶空曾沙养鞠须丰关蒯相查后荆红游权盖益桓公肖闫覃岳佟仝付代苟牟逄"
    "蔚冼涂邝趙錢孫吳鄭馮陳衛蔣韓楊許呂張嚴華謝鄒竇雲蘇葉魯韋馬鳳賀羅畢鄔湯時齊顧黃蕭龐項紀龔藍閔強賈顏鍾駱萬盧鄧鈕"
    "陸榮儲車寧劉龍喬陰聞黨譚貢勞莊閻連習魚廣闕歐師聶簡饒關紅權蓋閆東"
)
COMPOUND_SURNAMES = frozenset(
    re.findall("..", "欧阳歐陽司马司馬诸葛諸葛上官夏侯皇甫尉迟尉遲公孙公孫慕容司徒令狐端木轩辕軒轅长孙長孫宇文")
)
ROUNDS = 30  # of expectation and maximisation
SMOOTHING = 0.5  # pseudo-count of every character
CERTAIN = 0.9  # probability from which on a word is taken for a name


def split_names(lexicon: Lexicon, keep: Collection[str] = ()) -> Lexicon:
    """Cut names of three characters after the surname, and those of a compound surname after its two characters.

    Names of two characters (李鹏) are left alone: too many words look like one (黄金, 王国). So are foreign names, as
    far as their characters tell.
    """
    words = han_words(without(lexicon.words, keep))
    names = [word for word, prob in name_probs(words, lexicon).items() if prob > CERTAIN]
    parts_of = {name: (name[:1], name[1:]) for name in names}
    parts_of |= {word: (word[:2], word[2:]) for word in words if len(word) in (3, 4) and word[:2] in COMPOUND_SURNAMES}
    return move_counts(lexicon, parts_of)


def han_words(words: Collection[str]) -> list[str]:
    """The words of Han characters only."""
    kinds = unit_classes()
    return [word for word in words if all(kinds[ord(sign)] == HAN for sign in word)]


def name_probs(words: list[str], known: Collection[str]) -> dict[str, float]:
    """How probable it is that a word of three characters is a name: of all that begin with a surname.

    Such a word is a name or an ordinary word; either kind has its own distribution of the second character, of the
    third, of whether the first two are a known word, and whether the last two are. Each surname has its own share of
    names. All are estimated by EM from the types of the lexicon; words that begin with no surname are ordinary.
    Source: the EM algorithm of Dempster, Laird, Rubin 1977 for a mixture of two naive Bayes models.
    """
    known = frozenset(known)
    words = [word for word in words if len(word) == 3]
    candidate = np.array([word[0] in SURNAMES and word[:2] not in COMPOUND_SURNAMES for word in words], dtype=np.bool_)
    if not candidate.any():
        return {}
    signs = {sign: k for k, sign in enumerate(sorted(set("".join(words))))}
    facts = np.array([[signs[w[1]], signs[w[2]], w[:2] in known, w[1:] in known] for w in words], dtype=np.int64)
    sizes = (len(signs), len(signs), 2, 2)
    ordinary = [np.bincount(column[~candidate], minlength=size) for column, size in zip(facts.T, sizes, strict=True)]
    facts = facts[candidate]
    surname = np.array([signs[word[0]] for word in words], dtype=np.int64)[candidate]
    seen = np.bincount(surname, minlength=len(signs))
    share = np.full(len(signs), 0.5)
    prob = np.full(len(facts), 0.5)
    for _ in range(ROUNDS):
        log_odds = np.log(share / (1 - share))[surname]
        for column, size, others in zip(facts.T, sizes, ordinary, strict=True):
            names = _log_probs(np.bincount(column, prob, size))
            log_odds += (names - _log_probs(others + np.bincount(column, 1 - prob, size)))[column]
        prob = 1 / (1 + np.exp(-np.clip(log_odds, -500, 500)))
        share = (np.bincount(surname, prob, len(signs)) + 1) / (seen + 3)
    candidates = [word for word, wanted in zip(words, candidate.tolist(), strict=True) if wanted]
    return dict(zip(candidates, prob.tolist(), strict=True))


def _log_probs(counts: NDArray[Any]) -> NDArray[np.float64]:
    smoothed = np.asarray(counts, dtype=np.float64) + SMOOTHING
    return np.asarray(np.log(smoothed / smoothed.sum()))
