"""Pretend providers that speak only the wire.

Nothing of ours is imported here: had they our encoders, they would agree with our mistakes.
"""
