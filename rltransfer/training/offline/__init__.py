"""Learning from recorded transitions: no module here ever sees an environment step.

Everything trains several networks at once, as one batch of matrices; see `stack`. The modules
import torch: load them late.
"""
