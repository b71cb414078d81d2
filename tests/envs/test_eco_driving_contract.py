"""Eco-driving on lanes keeps the contract; members are compared with batches of one-slot roads."""

from __future__ import annotations

import dataclasses

from rltransfer.envs import ContextualEnv
from rltransfer.testing.env_contract import EnvironmentContract


class TestEcoDriving(EnvironmentContract):
    name = "eco_driving"

    def _with_arrays(self) -> ContextualEnv:
        env = super()._with_arrays()
        options = {"slots": 1, "duration": 300}  # short, because resets pass through it
        return ContextualEnv(dataclasses.replace(env.spec, options=options))
