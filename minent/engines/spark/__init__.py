"""Spark as an engine: passes over a corpus on a cluster. The only place that knows pyspark."""
