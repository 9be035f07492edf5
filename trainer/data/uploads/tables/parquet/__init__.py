"""Parquet files as tables."""
