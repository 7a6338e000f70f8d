"""Vectors of words, from raw text: what stands beside a word, and which slots of short templates it fills."""
