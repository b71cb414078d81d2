"""What was experienced: transitions of a family, in which context, recorded and read back."""

from rltransfer.data.collect import Behaviour, UniformRandom, collect
from rltransfer.data.info import DatasetInfo, normalised_scores
from rltransfer.data.library import read_library
from rltransfer.data.minari_reader import Dataset, load_dataset
from rltransfer.data.minari_writer import write_dataset
from rltransfer.data.transitions import Transitions

__all__ = [
    "Behaviour",
    "Dataset",
    "DatasetInfo",
    "Transitions",
    "UniformRandom",
    "collect",
    "load_dataset",
    "normalised_scores",
    "read_library",
    "write_dataset",
]
