"""An account's history and what it comes to on a day: the plain meaning that other kernels are held to."""
