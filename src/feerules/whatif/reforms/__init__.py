"""Changes of a book that leave it as it is: what an analyst tries."""
