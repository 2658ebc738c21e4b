"""What changes from one book to another, in words and data."""
