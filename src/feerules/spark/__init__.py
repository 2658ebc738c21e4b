"""Estates on Spark: frames of PySpark in, lazy frames of PySpark out."""
