"""`python -m turbodesk.cli`: the command line, where there is no script for it."""

from turbodesk.cli import main

if __name__ == "__main__":
    main()
