"""Another policy tried before it is used: who moves, and what a run over days comes to."""
