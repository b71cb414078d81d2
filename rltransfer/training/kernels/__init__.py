"""The arithmetic of training small networks, compiled by Numba: PPO's, and of cloning.

Kernels are generic in the precision: float32 in training, float64 where gradients are checked.
So a number in a kernel is a whole float32 (`ONE`), which widens where it must, and never a Python
number, which would widen everything. All kernels live in this folder, for code on disk is renewed
when a file of its own folder changes.
"""
