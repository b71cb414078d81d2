"""Both ring-road families keep the contract of every environment."""

from __future__ import annotations

from rltransfer.testing.env_contract import EnvironmentContract


class TestRingRoad(EnvironmentContract):
    name = "ring_road"


class TestRingRoadSpeed(EnvironmentContract):
    name = "ring_road_speed"
