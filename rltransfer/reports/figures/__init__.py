"""Figures: each function takes a value and returns a `matplotlib.figure.Figure`."""
