"""Tiny random-weight checkpoints in the layouts that Kandinsky 2.1, 2.2 and 3 are published in."""
