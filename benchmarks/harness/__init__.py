"""Measuring side by side: contenders that take turns, and the ratios of their speeds."""
