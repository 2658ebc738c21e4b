"""What a machine does: the plan that the documents compile to and that every engine runs."""
