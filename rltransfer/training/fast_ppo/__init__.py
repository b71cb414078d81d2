"""Stable-Baselines3's PPO at the machine's pace; import `FastPPO` from here."""

from rltransfer.training.fast_ppo.agent import FastPPO

__all__ = ["FastPPO"]
