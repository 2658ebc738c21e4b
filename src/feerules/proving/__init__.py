"""What proves a book: its cases, which rules they reach, and cases at the edges of its tables."""
