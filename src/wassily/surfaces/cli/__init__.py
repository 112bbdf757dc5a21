"""The command line: flags in, requests to the engine, files out."""

from wassily.surfaces.cli.app import main

__all__ = ["main"]
