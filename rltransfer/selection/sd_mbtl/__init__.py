"""The selectors of SD-MBTL, as published, for contexts of any dimension.

Source: Zhou, Cho and Wu, "Structure detection for contextual reinforcement learning", AAAI 2026
(arXiv 2601.08120), and the code of its authors where the paper leaves a choice open.

    gp-mbtl     Gaussian process for the set point, a slope for each side of each feature
    m-mbtl      clustering: right where performance is a mountain around every source
    m-gp-mbtl   tests the matrix for that structure, then follows one of the two
"""

from rltransfer.selection.sd_mbtl.gp_mbtl import GPMBTL
from rltransfer.selection.sd_mbtl.m_gp_mbtl import MGPMBTL
from rltransfer.selection.sd_mbtl.m_mbtl import MMBTL

__all__ = ["GPMBTL", "MGPMBTL", "MMBTL"]
