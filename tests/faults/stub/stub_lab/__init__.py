"""A laboratory in which a whole study takes a tenth of a second, to be killed at any moment."""
