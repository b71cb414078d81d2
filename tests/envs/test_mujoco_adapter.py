"""What the MuJoCo adapter says when something is wrong, and what it leaves in peace."""

from __future__ import annotations

import copy
import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rltransfer.envs import ContextualEnv, make
from rltransfer.envs.spec import EnvironmentSpec
from rltransfer.errors import InvalidExperiment, MissingDependency
from rltransfer.testing.traces import replay

mujoco = pytest.importorskip("mujoco")

from rltransfer.envs.simulators.mujoco import MuJoCo  # noqa: E402
from rltransfer.envs.simulators.mujoco.rendering import choose_opengl  # noqa: E402

Write = Callable[..., ContextualEnv]
ASSETS = Path(mujoco.__file__).parents[1] / "gymnasium/envs/mujoco/assets"

BALL = '<mujoco><worldbody><body name="torso"><geom size="0.1"/></body></worldbody></mujoco>'

ENV_TOML = """
title     = "Hopper of my own"
simulator = "mujoco"
base      = "Hopper-v5"
horizon   = 1000
{options}
[context.mass_torso]
unit    = "kg"
default = {mass}
range   = [1.0, 30.0]

[context.length_leg]
unit    = "m"
default = 0.5
range   = [0.3, 0.7]
{more}
[score]
low  = 0.0
high = 1.0
"""


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Return a function that writes a family of Hoppers, perhaps with an MJCF of its own."""

    def write(
        mjcf: str | None = None, options: str = "", mass: float = 3.66519, more: str = ""
    ) -> ContextualEnv:
        folder = tmp_path / "my_hopper"
        folder.mkdir(exist_ok=True)
        text = ENV_TOML.format(options=options, mass=mass, more=more)
        if mjcf is not None:
            (folder / "body.xml").write_text(mjcf, encoding="utf-8")
            text = ENV_TOML.format(
                options='[options]\nxml_file = "body.xml"\n', mass=mass, more=more
            )
        (folder / "env.toml").write_text(text, encoding="utf-8")
        return ContextualEnv(EnvironmentSpec.read(folder))

    return write


def hopper(**replace: str) -> str:
    text = (ASSETS / "hopper.xml").read_text(encoding="utf-8")
    for old, new in replace.items():
        text = text.replace(f'"{old}"', f'"{new}"')
    return text


# -- a family's own MJCF ---------------------------------------------------------------------------


def test_a_family_may_bring_its_own_mjcf(write: Write) -> None:
    heavy = hopper().replace('friction="0.9" name="torso_geom"', 'mass="9" name="torso_geom"')
    env = write(heavy, mass=9.0)
    member: Any = env.make({"mass_torso": 12.0})
    assert member.unwrapped.model.body_mass[1] == pytest.approx(12.0)
    assert member.unwrapped.fullpath == str(env.spec.folder / "body.xml")


@pytest.mark.parametrize(
    ("mjcf", "sentence"),
    [
        ("nonsense", r"body\.xml cannot be read as XML: syntax error"),
        ("<mujoco><worldbody><body/>", r"body\.xml cannot be read as XML: no element"),
        ("<mujoco><wordbody/></mujoco>", r"body\.xml: MuJoCo cannot use .*wordbody"),
        (hopper(torso="trunk"), r"'mass_torso' cannot be had: .* no body 'torso'.*Known: .*trunk"),
        (BALL, r"body\.xml: the model has 0 positions \(nq\), and its base needs 6"),
        (hopper(leg_joint="knee"), r"'length_leg' cannot be had: .* no joint 'leg_joint'"),
    ],
    ids=["no XML", "unfinished", "no MJCF", "no torso", "no joint at all", "no leg"],
)
def test_an_mjcf_that_does_not_fit_is_refused(write: Write, mjcf: str, sentence: str) -> None:
    with pytest.raises(InvalidExperiment, match=sentence):
        write(mjcf).make()


def test_a_limb_that_cannot_be_stretched_is_refused(write: Write) -> None:
    leg = 'name="leg_geom" size="0.04 0.25" type="capsule"'
    env = write(hopper().replace(leg, 'name="leg_geom" size="0.04 0.04 0.25" type="box"'))
    assert env.make()
    with pytest.raises(InvalidExperiment, match="geom 'leg_geom' of a limb is a box; only caps"):
        env.make({"length_leg": 0.6})


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ('xml_file = "gone.xml"', r"there is no file .*gone\.xml\. The option 'xml_file' names"),
        ("xml_file = 3", "'xml_file' must be the name of a file; got 3"),
        ('xml_fil = "a.xml"', "no option 'xml_fil'; did you mean 'xml_file'"),
    ],
)
def test_a_wrong_option_is_refused(write: Write, options: str, sentence: str) -> None:
    with pytest.raises(InvalidExperiment, match=sentence):
        write(options=f"[options]\n{options}\n").make()


# -- features --------------------------------------------------------------------------------------


def feature(name: str, default: float = 1.0) -> str:
    return f"[context.{name}]\ndefault = {default}\nrange = [0.0, 20.0]\n"


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (feature("mass_scales"), "Hopper-v5 has no context feature 'mass_scales'; did you mean"),
        (feature("gravity", 9.0), "'gravity' is 9.81 in this model, but its default is 9"),
        (feature("friction_scale", 2.0), "'friction_scale' is 1 in this model"),
    ],
)
def test_a_feature_that_does_not_fit_is_refused(write: Write, more: str, sentence: str) -> None:
    with pytest.raises(InvalidExperiment, match=sentence):
        write(more=more).make()


def test_a_factor_on_nothing_is_refused(write: Write) -> None:
    springless = hopper().replace('armature="1"', 'armature="0"')
    with pytest.raises(InvalidExperiment, match=r"'armature_scale' cannot be had: .* 0 everywhere"):
        write(springless, more=feature("armature_scale")).make()


def test_an_unknown_base_is_answered_with_the_closest(write: Write) -> None:
    env = write()
    path = env.spec.folder / "env.toml"
    path.write_text(path.read_text().replace("Hopper-v5", "Hoper-v5"))
    with pytest.raises(InvalidExperiment, match="no base 'Hoper-v5'; did you mean 'Hopper-v5'"):
        ContextualEnv(EnvironmentSpec.read(env.spec.folder)).make()


# -- copies ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "duplicate",
    [copy.deepcopy, lambda env: pickle.loads(pickle.dumps(env))],
    ids=["copy", "pickle"],
)
def test_a_copy_has_the_context_of_its_original(duplicate: Callable[[Any], Any]) -> None:
    original = make("hopper").make({"gravity": 7.0}).unwrapped
    context = make("hopper").space.validate({"length_leg": 0.6})
    MuJoCo().apply(original, context)
    actions = [np.full(3, 0.1, dtype=np.float32)] * 20
    assert replay(duplicate(original), actions, 3) == replay(original, actions, 3)


def test_a_way_of_rendering_that_there_is_not_is_refused() -> None:
    with pytest.raises(InvalidExperiment, match="hopper has no render_mode 'rgb_aray'; did you"):
        make("hopper").make(render_mode="rgb_aray")
    member = make("hopper").make_unlimited()
    member.reset(seed=0)
    assert member.render() is None


def test_versions_are_named() -> None:
    assert MuJoCo().versions()["mujoco"] == mujoco.__version__


# -- MuJoCo's surroundings -------------------------------------------------------------------------


def run(code: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    root = Path(__file__).parents[2]
    clean = {name: value for name, value in os.environ.items() if name != "MUJOCO_GL"}
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=cwd,
        env={**clean, "PYTHONPATH": str(root), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_cheetah_brings_neither_a_warning_nor_a_log_file(tmp_path: Path) -> None:
    code = (
        "import rltransfer, mujoco\n"
        "rltransfer.make('halfcheetah').make({'length_bthigh': 0.35}).reset(seed=0)\n"
        "print('done')"
    )
    done = run(code, tmp_path)
    assert (done.stdout, done.stderr) == ("done\n", "")
    assert not list(tmp_path.iterdir())


def test_without_mujoco_there_is_a_sentence(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['mujoco'] = None\n"
        "import rltransfer\n"
        "try: rltransfer.make('hopper').make()\n"
        "except rltransfer.errors.MissingDependency as error: print(error)"
    )
    assert "pip install 'rltransfer[mujoco]'" in run(code, tmp_path).stdout


def test_a_wrong_mujoco_gl_is_a_sentence_too(tmp_path: Path) -> None:
    code = (
        "import rltransfer\n"
        "try: rltransfer.make('hopper').make()\n"
        "except rltransfer.errors.MissingDependency as error: print(error)"
    )
    assert "MUJOCO_GL: bogus" in run(code, tmp_path, MUJOCO_GL="bogus").stdout


# -- pictures --------------------------------------------------------------------------------------


def test_a_picture_shows_the_new_body() -> None:
    env = make("hopper").make(render_mode="rgb_array")
    env.reset(seed=0)
    try:
        before: Any = env.render()
    except MissingDependency as error:
        pytest.skip(str(error))
    env.reset(seed=0, options={"context": {"length_leg": 0.65, "length_thigh": 0.6}})
    after: Any = env.render()
    assert before.shape == after.shape == (480, 480, 3)
    changed = np.abs(before.astype(int) - after).max(axis=2) > 20
    assert changed.mean() > 0.005
    env.close()


def test_where_opengl_fails_a_sentence_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    env = make("hopper").make(render_mode="rgb_array")
    member: Any = env.unwrapped

    def fail(mode: str) -> None:
        raise AttributeError("'NoneType' object has no attribute 'eglQueryString'")

    monkeypatch.setattr(member.mujoco_renderer, "render", fail)
    monkeypatch.setenv("MUJOCO_GL", "egl")
    env.reset(seed=0)
    with pytest.raises(MissingDependency, match=r"MUJOCO_GL is egl.*eglQueryString.*libosmesa6"):
        env.render()


@pytest.mark.parametrize(
    ("given", "chosen"),
    [
        ({}, "egl"),
        ({"DISPLAY": ":0"}, None),
        ({"WAYLAND_DISPLAY": "wayland-0"}, None),
        ({"MUJOCO_GL": "osmesa"}, "osmesa"),
    ],
    ids=["no screen", "X", "Wayland", "chosen"],
)
def test_without_a_screen_pictures_are_drawn_by_egl(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], chosen: str | None
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "MUJOCO_GL"):
        monkeypatch.delenv(name, raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "platform", "linux")
    choose_opengl()
    assert os.environ.get("MUJOCO_GL") == chosen
