"""The parts the tabs are made of, one component per file."""
