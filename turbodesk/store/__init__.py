"""What is kept on disk; the only room with SQL in it beside the sandbox's own."""
