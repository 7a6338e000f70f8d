"""Recipes: from a corpus to the words of a lexicon."""
