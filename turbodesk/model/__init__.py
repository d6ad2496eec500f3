"""What is spoken about: frozen dataclasses, no I/O, no Qt."""
