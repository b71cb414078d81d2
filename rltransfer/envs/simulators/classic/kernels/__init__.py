"""One step of each family as a loop that Numba compiles; the batches beside are their oracles.

Each module has a `step` of the type `Kernel`: the operations of its batch, in the same order and
precision. Import these modules through `kernel_of` only, for Numba may be missing.
"""
