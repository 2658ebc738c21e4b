"""What would change, and what differs: questions over two answers."""
