"""All of Qt, and nothing that decides."""
