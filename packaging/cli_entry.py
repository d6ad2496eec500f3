"""What the bundle's `turbodesk-cli` runs."""

from turbodesk.cli import main

main()
