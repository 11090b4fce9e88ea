"""Engines side by side on one machine in one run: `ingot compare`, and the suite of `ingot bench --suite cpu`.

Every engine runs in a process of its own (`runner/`), spoken to by JSON over pipes; rounds alternate between engines.
"""
