"""What SUMO's files may hold here: roads, lights and demand, and nothing that writes.

SUMO reads detectors, calibrators and devices from networks and routes too; they write wherever
their attribute `file` says.
"""

from __future__ import annotations

__all__ = ["NETWORK", "ROUTES"]

NETWORK = frozenset({
    "net", "location", "type", "restriction", "edge", "lane", "neigh", "tlLogic", "phase",
    "junction", "request", "connection", "prohibition", "roundabout", "stopOffset", "param",
})  # fmt: skip
ROUTES = frozenset({
    "routes", "route", "routeDistribution", "vType", "vTypeDistribution", "vehicle", "trip", "flow",
    "interval", "stop", "param",
    "carFollowing-IDM", "carFollowing-Krauss", "carFollowing-EIDM",
})  # fmt: skip
