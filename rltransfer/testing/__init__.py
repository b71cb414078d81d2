"""Contracts and toy problems that other packages may inherit and use."""
