"""What is decided about a position under a policy, as nodes of a plan and plain data: the same for every engine."""
