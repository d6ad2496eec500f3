"""Turbodesk: a desk for people who send mail through turboSMTP or SendPost."""

__version__ = "0.1.0"
