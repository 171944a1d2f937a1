"""Figures: what is measured, how, and whether it is good enough.  `make bench` runs them all; pytest runs none."""
