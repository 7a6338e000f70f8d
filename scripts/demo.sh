#!/bin/sh
# From a bare clone to a lexicon learned from 红楼梦, its best words, the entropy table and a sentence cut with it.
set -eu
cd "$(dirname "$0")/.."
venv=${VENV:-.venv}
sh scripts/setup.sh
export PYTHONUTF8=1
corpus=data/hongloumeng.txt.xz
lexicon=build/demo/lexicon.tsv
mkdir -p build/demo

echo
echo "\$ minent build-lexicon $corpus -o $lexicon"
"$venv/bin/minent" build-lexicon "$corpus" -o "$lexicon"

echo
echo "Its most frequent words of two characters, of three, and of four or more:"
"$venv/bin/python" scripts/show_words.py "$lexicon"

echo
echo "\$ minent entropy $corpus -l $lexicon"
"$venv/bin/minent" entropy "$corpus" -l "$lexicon"

sentence='宝玉听了，忙上前来笑道：“老太太今日怎么这样高兴？”'
echo
echo "\$ echo '$sentence' | minent segment -l $lexicon"
printf '%s\n' "$sentence" | "$venv/bin/minent" segment -l "$lexicon"

echo
echo "The lexicon is $lexicon. Try your own text: $venv/bin/minent build-lexicon FILE"
