"""`python -m wassily`: the command line."""

from wassily.surfaces.cli import main

if __name__ == "__main__":
    main()
