"""One generator per kind of request: what the engine is asked to do, in order."""
