"""What another book would cost whom, and which of its changes is why."""
