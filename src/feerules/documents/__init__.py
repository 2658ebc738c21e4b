"""What a person writes, read into checked, frozen models."""
