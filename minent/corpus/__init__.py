"""Text in: files, folders, streams and records become shards of UTF-8 bytes, and these become units."""
