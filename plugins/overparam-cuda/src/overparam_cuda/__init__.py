"""The fused CUDA engine of overparam."""

from overparam_cuda.engine import Cuda

__all__ = ["Cuda"]
