"""An ordered set of context features: makes contexts, checks them, maps them to the unit cube.

Notation
    d    number of features
    n    number of contexts
    X    contexts as an array, shape (n, d), columns in the order of the features
    U    the same on the unit cube [0, 1]^d
"""

from __future__ import annotations

import itertools
import json
import math
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rltransfer.contexts.context import Context
from rltransfer.contexts.feature import ContextFeature, Scale
from rltransfer.contexts.split import ContextSplit
from rltransfer.errors import InvalidContext, did_you_mean

__all__ = ["MOST_CONTEXTS", "ContextSpace"]

MOST_CONTEXTS = 100_000
"""The largest grid that is made."""

ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class ContextSpace:
    """The features in which the members of an environment family differ.

    Examples:
        >>> space = ContextSpace([ContextFeature("length", 0.5, 0.05, 5.0, "m", Scale.LOG)])
        >>> [round(x["length"], 3) for x in space.grid(3)]
        [0.05, 0.5, 5.0]
    """

    features: tuple[ContextFeature, ...]

    def __init__(self, features: Iterable[ContextFeature]) -> None:
        object.__setattr__(self, "features", tuple(features))
        names = self.names
        if repeated := {name for name in names if names.count(name) > 1}:
            raise InvalidContext(f"a context space names {sorted(repeated)} more than once.")

    # -- looking things up ---------------------------------------------------------------------

    @property
    def names(self) -> tuple[str, ...]:
        """The features' names, in order."""
        return tuple(feature.name for feature in self.features)

    def __len__(self) -> int:
        return len(self.features)

    def __iter__(self) -> Iterator[ContextFeature]:
        return iter(self.features)

    def __getitem__(self, name: str) -> ContextFeature:
        for feature in self.features:
            if feature.name == name:
                return feature
        raise InvalidContext(
            f"unknown context feature {name!r}{did_you_mean(name, self.names)} "
            f"Known: {', '.join(f'{f.name} ({f.range_text})' for f in self.features)}."
        )

    @property
    def default(self) -> Context:
        """The context of the unchanged environment."""
        return Context({feature.name: feature.default for feature in self.features})

    def select(self, names: Iterable[str]) -> ContextSpace:
        """Return the space of the named features only, in the order given.

        Raises:
            InvalidContext: if a name is unknown or no name is given.
        """
        if isinstance(names, str) or not isinstance(names, Iterable):
            raise InvalidContext(
                f"features are named in a list, such as {[self.names[0]]}; got {names!r}."
            )
        chosen = tuple(self[name] for name in names)
        if not chosen:
            raise InvalidContext(f"name at least one feature to vary, of {', '.join(self.names)}.")
        return ContextSpace(chosen)

    # -- checking ------------------------------------------------------------------------------

    def validate(self, context: Mapping[str, Any] | None = None) -> Context:
        """Return a complete context in this space's order; what is not named is the default.

        Raises:
            InvalidContext: if a feature is unknown, or a value is not a number in its range.
        """
        given = {} if context is None else context
        if not isinstance(given, Mapping):
            raise InvalidContext(
                f"a context must map feature names to numbers, such as {dict(self.default)}; "
                f"got {context!r} ({type(context).__name__})."
            )
        known = self.names
        for name in given:
            if name not in known:
                self[name]  # says what is known
        values = {f.name: f.validate(given.get(f.name, f.default)) for f in self.features}
        return Context.of_valid(values)

    def is_feasible(self, context: Mapping[str, float]) -> bool:
        """Say whether every named feature lies where the task is known to be solvable."""
        return all(self[name].is_feasible(value) for name, value in context.items())

    # -- making contexts -----------------------------------------------------------------------

    def grid(self, size: int | Mapping[str, int]) -> tuple[Context, ...]:
        """Return a full grid, even on each feature's scale, last feature fastest.

        Args:
            size: points per feature, for all features or by name; a feature left out of the
                mapping stays at its default.
        """
        sizes = dict(size) if isinstance(size, Mapping) else dict.fromkeys(self.names, size)
        for name, count in sizes.items():
            require_count(f"the grid of {self[name].name!r}", count)
        if (total := math.prod(sizes.values())) > MOST_CONTEXTS:
            raise InvalidContext(
                f"a grid of {total:,} contexts is too large; at most {MOST_CONTEXTS:,} are made."
            )
        axes = [
            feature.grid(sizes[feature.name]) if feature.name in sizes else [feature.default]
            for feature in self.features
        ]
        return tuple(self._context(point) for point in itertools.product(*axes))

    def product(self, axes: Mapping[str, Sequence[float]]) -> tuple[Context, ...]:
        """Return every combination of the values given for some features, last feature fastest.

        Raises:
            InvalidContext: if there are too many, or a value is outside its feature's range.
        """
        if (total := math.prod(len(values) for values in axes.values())) > MOST_CONTEXTS:
            raise InvalidContext(
                f"a grid of {total:,} contexts is too large; at most {MOST_CONTEXTS:,} are made. "
                f"Name fewer of the features {', '.join(axes)}, or fewer points."
            )
        checked = [[self[name].validate(v) for v in values] for name, values in axes.items()]
        return tuple(
            Context(dict(zip(axes, point, strict=True))) for point in itertools.product(*checked)
        )

    def sample(self, n: int, rng: np.random.Generator) -> tuple[Context, ...]:
        """Return n contexts drawn uniformly on the features' scales."""
        return self.from_unit(rng.random((require_count("a sample", n), len(self))))

    def sobol(self, n: int, rng: np.random.Generator) -> tuple[Context, ...]:
        """Return the first n points of a scrambled Sobol sequence on the features' scales."""
        from scipy.stats import qmc  # a second of import, needed only here

        require_count("a Sobol design", n)
        sequence = qmc.Sobol(len(self), scramble=True, rng=rng)
        return self.from_unit(sequence.random_base2(max(0, int(n - 1).bit_length()))[:n])

    def split(
        self,
        inner: Mapping[str, tuple[float, float]],
        size: int | Mapping[str, int],
        name: str = "custom",
    ) -> ContextSplit:
        """Divide a grid into training, interpolation and extrapolation contexts.

        Args:
            inner: for some features, the interval (in the feature's unit) that training may see.
            size: grid points per feature, as in `grid`.
            name: what tables call the split.

        Returns:
            the split; see `ContextSplit` for which context falls into which part.
        """
        for feature_name, interval in inner.items():
            for end in pair(feature_name, "inner", interval):
                self[feature_name].validate(end)
        return ContextSplit.of_grid(name, self.grid(size), inner)

    # -- the unit cube -------------------------------------------------------------------------

    def to_array(self, contexts: Sequence[Mapping[str, float]]) -> NDArray[np.float64]:
        """Return X, shape (n, d), in the features' units."""
        rows = [[context[name] for name in self.names] for context in contexts]
        return np.asarray(rows, dtype=np.float64).reshape(len(rows), len(self))

    def to_unit(self, contexts: Sequence[Mapping[str, float]]) -> NDArray[np.float64]:
        """Return U, shape (n, d): the contexts on the unit cube, each feature on its scale."""
        X = self.to_array(contexts)
        columns = [feature.to_unit(X[:, j]) for j, feature in enumerate(self.features)]
        return np.stack(columns, axis=1) if columns else X

    def from_unit(self, units: ArrayLike) -> tuple[Context, ...]:
        """Return the contexts at the points U, shape (n, d), of the unit cube."""
        U = np.asarray(units, dtype=np.float64).reshape(-1, len(self))
        if not ((U >= -ROUNDING) & (U <= 1.0 + ROUNDING)).all():
            raise InvalidContext("points of the unit cube must lie in 0…1 in every feature.")
        columns = [feature.from_unit(U[:, j]) for j, feature in enumerate(self.features)]
        return tuple(self._context(point) for point in zip(*columns, strict=True))

    def _context(self, point: Iterable[float]) -> Context:
        return Context(dict(zip(self.names, map(float, point), strict=True)))

    # -- to and from text ----------------------------------------------------------------------

    def to_dict(self) -> dict[str, dict[str, Any]]:
        """Return the features as plain data: a table per feature, as `env.toml` writes them."""
        return {feature.name: feature_to_dict(feature) for feature in self.features}

    @classmethod
    def from_dict(cls, data: Mapping[str, Mapping[str, Any]]) -> ContextSpace:
        """Read what `to_dict` returns.

        Raises:
            InvalidContext: naming the feature and the key that is missing, unknown or wrong.
        """
        return cls(feature_from_dict(name, table) for name, table in data.items())

    def to_json(self) -> str:
        """Return the space as JSON text."""
        return json.dumps(self.to_dict())

    @classmethod
    def from_json(cls, text: str) -> ContextSpace:
        """Read what `to_json` returns."""
        return cls.from_dict(as_tables("JSON", json.loads, text))

    def to_toml(self) -> str:
        """Return the space as TOML text, a table per feature."""
        import tomli_w

        return tomli_w.dumps(self.to_dict())

    @classmethod
    def from_toml(cls, text: str) -> ContextSpace:
        """Read what `to_toml` returns."""
        return cls.from_dict(as_tables("TOML", tomllib.loads, text))

    @property
    def digest(self) -> str:
        """A hash (16 hex digits) of the whole description, the same on every machine."""
        return sha256(self.to_json().encode()).hexdigest()[:16]


def feature_to_dict(feature: ContextFeature) -> dict[str, Any]:
    """Return one feature as the table `env.toml` writes under `[context.<name>]`."""
    table: dict[str, Any] = {
        "about": feature.about,
        "unit": feature.unit,
        "default": feature.default,
        "range": [feature.low, feature.high],
        "scale": str(feature.scale),
    }
    if feature.feasible is not None:
        table["feasible"] = list(feature.feasible)
    return table


def feature_from_dict(name: str, table: Mapping[str, Any]) -> ContextFeature:
    """Read one feature from its table.

    Raises:
        InvalidContext: naming the key that is missing, unknown or of the wrong shape.
    """
    known = ("about", "unit", "default", "range", "scale", "feasible")
    if unknown := [key for key in table if key not in known]:
        raise InvalidContext(
            f"context feature {name!r} has an unknown key {unknown[0]!r}"
            f"{did_you_mean(unknown[0], known)} Known: {', '.join(known)}."
        )
    for key in ("default", "range"):
        if key not in table:
            raise InvalidContext(f"context feature {name!r} lacks the key {key!r}.")
    low, high = pair(name, "range", table["range"])
    feasible = pair(name, "feasible", table["feasible"]) if "feasible" in table else None
    scale = table.get("scale", "linear")
    if scale not in tuple(Scale):
        raise InvalidContext(
            f"the scale of context feature {name!r} must be 'linear' or 'log'; got {scale!r}."
        )
    return ContextFeature(
        name=name,
        default=table["default"],
        low=low,
        high=high,
        unit=str(table.get("unit", "1")),
        scale=Scale(scale),
        about=str(table.get("about", "")),
        feasible=feasible,
    )


def as_tables(kind: str, read: Callable[[str], Any], text: str) -> Mapping[str, Any]:
    """Parse text that should hold a table per feature."""
    try:
        data = read(text)
    except RecursionError:
        raise InvalidContext(f"a context space in {kind} does not nest this deeply.") from None
    except ValueError as error:
        reason = str(error)[:200]
        raise InvalidContext(
            f"a context space cannot be read from this {kind}: {reason}."
        ) from None
    if not isinstance(data, Mapping) or not all(isinstance(t, Mapping) for t in data.values()):
        raise InvalidContext(
            f"a context space in {kind} is a table per feature; got {text[:60]!r}."
        )
    return data


def pair(name: str, key: str, value: Any) -> tuple[float, float]:
    """Return the two numbers of a `[low, high]` entry."""
    if isinstance(value, Sequence) and not isinstance(value, str) and len(value) == 2:
        return value[0], value[1]
    raise InvalidContext(
        f"{key!r} of context feature {name!r} must be two numbers, [low, high]; got {value!r}."
    )


def require_count(what: str, n: Any) -> int:
    """Return n if it is a whole number of at least one."""
    if isinstance(n, bool) or not isinstance(n, (int, np.integer)) or n < 1:
        raise InvalidContext(f"{what} needs a whole number of at least 1; got {n!r}.")
    return int(n)
