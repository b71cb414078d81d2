"""The default selector: a model of the whole transfer matrix; read `selector` first."""

from rltransfer.selection.matrix_gp.selector import MatrixGP

__all__ = ["MatrixGP"]
