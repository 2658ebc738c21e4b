"""Plan → answers: one module per engine, each held equal to `scalar`."""
