"""A process that ends when its parent does, however that ended, and takes along what it started."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time

__all__ = ["die_with_parent", "lead_group"]

PR_SET_PDEATHSIG = 1
POLL = 0.5
"""Seconds between two looks at a process."""

GUARD = f"""
import os, signal, sys, time
while os.getppid() == int(sys.argv[1]):
    time.sleep({POLL})
os.killpg(0, signal.SIGKILL)
"""


def lead_group() -> None:
    """Make this process the leader of a new group, which is killed when it is dead.

    A process of its own sees to it, a small one of the same group: whoever is killed can do
    nothing any more for those that it has started.
    """
    os.setpgid(0, 0)
    subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", GUARD, str(os.getpid())],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def die_with_parent(parent: int) -> None:
    """Have this process killed as soon as its parent is dead.

    Linux does it at the death of the thread that started this process, so that must be one that
    lives as long as the process is needed. Elsewhere a thread looks twice a second.

    Args:
        parent: the parent's process id, told by itself: it may be dead by now.
    """
    if not kernel_tells():
        threading.Thread(target=follow, args=(parent,), daemon=True).start()
    elif os.getppid() != parent:
        os._exit(1)


def kernel_tells() -> bool:
    """Ask the kernel for SIGKILL at the parent's death; say whether it will send it."""
    if sys.platform != "linux":
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    return bool(libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) == 0)


def follow(parent: int) -> None:
    """End this process soon after its parent's death."""
    while os.getppid() == parent:
        time.sleep(POLL)
    os._exit(1)
