"""CSV and Parquet files: read, described, checked, and made into examples."""
