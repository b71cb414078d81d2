"""The Virginia Tech Comprehensive Power-based Fuel consumption Model, VT-CPFM-1.

Notation
    v, a    speed in km/h (public functions take m/s) and acceleration in m/s²
    R       resistance of air, tyres and slope, N; roads are level here
    m       mass of the vehicle, kg
    P       power at the engine, kW
    F       fuel rate, l/s

    R = ρ/25.92 C_D C_h A_f v² + 9.8066 m C_r/1000 (c1 v + c2)
    P = (R + 1.04 m a) v / (3600 η)
    F = α0 + α1 P + α2 P²  if P ≥ 0, else α0

Source: Rakha, Ahn, Moran, Saerens, Van den Bulck 2011, Virginia Tech Comprehensive Power-Based Fuel
Consumption Model: Model development and testing, Transportation Research Part D 16(7). Vehicle (a
passenger truck) and α are those of the eco-driving code of IntersectionZoo (Jayawardana et al.
2024), which puts m/s where the model says km/h, and 0.033 for c2; here units are the model's.
It is a proxy of the MOVES surrogate which that work rewards with, and which is not ours to give.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["carbon_dioxide", "engine_power", "fuel_rate"]

Floats = NDArray[np.float64]

MASS = 3152.0  # kg
AIR = 1.2256 / 25.92 * 0.6 * 0.98 * 3.28  # ρ/25.92 C_D C_h A_f, N/(km/h)²
TYRES = 9.8066 * MASS * 1.75 / 1000  # N
C1, C2 = 0.0328, 4.575
ROTATING = 1.04  # share of the mass with the inertia of what turns
EFFICIENCY = 0.92  # η of the drive line
IDLE = 0.00078  # α0, l/s
ALPHA_1 = 1.9556e-5  # l/s per kW
ALPHA_2 = 1e-6  # l/s per kW²
KMH = 3.6  # km/h in 1 m/s
PETROL = 2348.0  # g of CO2 from 1 l of petrol: 8887 g per US gallon (US EPA)


def engine_power(speeds: Floats, accelerations: Floats) -> Floats:
    """Return P, kW; negative while braking.

    Args:
        speeds: any shape, m/s.
        accelerations: the same shape, m/s².
    """
    v = KMH * speeds
    resistance = AIR * v * v + TYRES * (C1 * v + C2)
    return np.asarray((resistance + ROTATING * MASS * accelerations) * v / (3600 * EFFICIENCY))


def fuel_rate(speeds: Floats, accelerations: Floats) -> Floats:
    """Return F, l/s, for speeds in m/s and accelerations in m/s²."""
    power = np.maximum(engine_power(speeds, accelerations), 0.0)
    return np.asarray(IDLE + ALPHA_1 * power + ALPHA_2 * power * power)


def carbon_dioxide(speeds: Floats, accelerations: Floats, seconds: float) -> Floats:
    """Return the CO2, g, that vehicles emit in some seconds of the same motion."""
    return fuel_rate(speeds, accelerations) * (PETROL * seconds)
