"""Tests, in the shape of src/wassily, and the tiny checkpoints that they use."""
