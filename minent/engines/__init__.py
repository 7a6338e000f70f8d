"""Map and reduce over the shards of a corpus."""
