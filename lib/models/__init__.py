"""The networks, by the papers' names. Each takes images in [0, 1]: what a network normalises, it normalises inside."""

from lib.models.base import build, evaluating, outline, parameter_count
from lib.models.layers import PartialConv2d, Subsampling
from lib.models.lenets import C3_TABLE, LENETS, LeNet5, LeNet616, LeNet3264
from lib.models.resnets import RESNETS, STATISTICS, Bfloat16InTraining, LiveConv2d, Standardised, resnet
from lib.models.small import ACTIVATIONS, KERAS_EPSILON, DenseNetwork, MadryCNN, SimpleCNN, SmallCNN, StridedCNN

__all__ = [
    "ACTIVATIONS",
    "C3_TABLE",
    "KERAS_EPSILON",
    "LENETS",
    "RESNETS",
    "STATISTICS",
    "Bfloat16InTraining",
    "DenseNetwork",
    "LeNet5",
    "LeNet616",
    "LeNet3264",
    "LiveConv2d",
    "MadryCNN",
    "PartialConv2d",
    "SimpleCNN",
    "SmallCNN",
    "Standardised",
    "StridedCNN",
    "Subsampling",
    "build",
    "evaluating",
    "outline",
    "parameter_count",
    "resnet",
]
