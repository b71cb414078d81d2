"""A ring road seen from above: vehicles coloured by their speed, the guided one with a halo."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pygame
from numpy.typing import NDArray

from rltransfer.envs.simulators.ring.rings import Rings
from rltransfer.envs.simulators.ring.traffic import VEHICLE_LENGTH

__all__ = ["RingPicture"]

Floats = NDArray[np.float64]

SIZE = 480  # pixels
ROAD_RADIUS, ROAD_WIDTH = 200, 26  # pixels
VEHICLE_WIDTH, HALO_WIDTH = 12, 22  # pixels
BACKGROUND, ROAD, HALO, TEXT = (250, 250, 248), (70, 74, 80), (255, 255, 255), (40, 40, 40)
SPEEDS = (0.0, 4.0, 8.0)  # m/s, at which vehicles have the next three colours
COLOURS = np.array([[215, 48, 39], [240, 190, 50], [60, 165, 85]])  # red, amber, green


class RingPicture:
    """Draws the first of some rings; in a window if asked for.

    Args:
        window: whether to open one, in which `show` appears.
        frames: per second, which `show` waits for.
    """

    def __init__(self, window: bool, frames: int) -> None:
        pygame.font.init()
        self._font = pygame.font.Font(None, 28)
        self._surface = pygame.Surface((SIZE, SIZE))
        self._frames, self._window = frames, None
        if window:
            pygame.display.init()
            self._window = pygame.display.set_mode((SIZE, SIZE))
            pygame.display.set_caption("Ring road")
            self._clock = pygame.time.Clock()

    def draw(self, rings: Rings) -> NDArray[np.uint8]:
        """Draw the first ring; return its pixels, shape (SIZE, SIZE, 3)."""
        n = int(rings.vehicles[0])
        turn = 2.0 * np.pi / rings.lengths[0]
        fronts, speeds, _ = rings.rows()[:, 0, :n]
        self._surface.fill(BACKGROUND)
        pygame.draw.circle(
            self._surface, ROAD, (SIZE // 2, SIZE // 2), ROAD_RADIUS + ROAD_WIDTH // 2, ROAD_WIDTH
        )
        self._draw_arc((fronts[0] + 1.5) * turn, 8.0 * turn, HALO, HALO_WIDTH)
        for front, colour in zip(fronts, colours(speeds).tolist(), strict=True):
            self._draw_arc(front * turn, VEHICLE_LENGTH * turn, colour, VEHICLE_WIDTH)
        text = self._font.render(f"{speeds.mean():.2f} m/s", True, TEXT)
        self._surface.blit(text, text.get_rect(center=(SIZE // 2, SIZE // 2)))
        return np.ascontiguousarray(pygame.surfarray.array3d(self._surface).swapaxes(0, 1))

    def show(self) -> None:
        """Bring what was drawn to the window."""
        if self._window is None:
            return
        pygame.event.pump()
        self._window.blit(self._surface, (0, 0))
        pygame.display.flip()
        self._clock.tick(self._frames)

    def close(self) -> None:
        """Close the window."""
        if self._window is not None:
            pygame.display.quit()
            self._window = None

    def _draw_arc(self, front: float, angle: float, colour: Sequence[int], width: int) -> None:
        """Fill the part of the road that lies behind an angle, in rad."""
        angles = np.linspace(front - angle, front, 5)
        rays = np.stack([np.cos(angles), -np.sin(angles)], axis=1)
        inner, outer = ROAD_RADIUS - width / 2, ROAD_RADIUS + width / 2
        outline = np.concatenate([inner * rays, outer * rays[::-1]]) + SIZE / 2
        pygame.draw.polygon(self._surface, colour, outline.tolist())


def colours(speeds: Floats) -> NDArray[np.intp]:
    """Return a colour for each speed, shape (n, 3): red standing, amber, green flowing."""
    channels = [np.interp(speeds, SPEEDS, channel) for channel in COLOURS.T]
    return np.stack(channels, axis=1).astype(np.intp)
