"""PPO's arithmetic for small networks, compiled by Numba.

Kernels are generic in the precision: float32 in training, float64 where gradients are checked.
So a number in a kernel is a whole float32 (`ONE`), which widens where it must, and never a Python
number, which would widen everything.
"""
