"""What the bundle's `turbodesk` runs."""

from turbodesk.__main__ import main

main()
