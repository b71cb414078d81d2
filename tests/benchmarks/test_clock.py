import math
import subprocess
import sys
import time
from pathlib import Path

import pytest
from harness.clock import load, spend

SPIN = "import time\nwhile time.process_time() < 0.3: pass\n"

linux = pytest.mark.skipif(not Path("/proc/stat").exists(), reason="needs Linux's /proc")


def test_sleeping_takes_time_and_no_work():
    amount, spent = spend(lambda: time.sleep(0.2) or 7.0)
    assert amount == 7.0
    assert 0.2 <= spent.wall < 2.0
    assert spent.own < 0.1


def test_the_work_of_a_child_that_has_ended_is_our_own():
    def work():
        subprocess.run([sys.executable, "-c", SPIN], check=True)
        return 1.0

    _, spent = spend(work)
    assert 0.29 < spent.own < 3.0


@linux
def test_the_work_of_a_living_child_is_our_own():
    words = [sys.executable, "-c", SPIN + "print(flush=True)\ntime.sleep(60)"]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as child:
        _, spent = spend(lambda: float(len(child.stdout.readline())))
        child.kill()
    assert 0.2 < spent.own < 3.0


def test_a_load_is_core_seconds_per_second_and_not_negative():
    assert load(3.0, 2.0) == 1.5
    assert load(-0.1, 2.0) == 0.0
    assert math.isnan(load(math.nan, 2.0))
