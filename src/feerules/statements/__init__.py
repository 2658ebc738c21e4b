"""Statements of SQL: the answers for an estate, asked inside a database."""
