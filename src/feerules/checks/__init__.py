"""What is wrong, or odd, with rules that load: findings on documents and plans, each with a witness."""
