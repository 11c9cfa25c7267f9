"""The settings under which the package runs torch, whatever the user's are."""

import contextlib
from collections.abc import Iterator

import torch
from torch import nn


@contextlib.contextmanager
def own_settings(module: nn.Module | None = None) -> Iterator[None]:
    """Run torch under the package's own settings within the context; the user's return afterwards.

    One thread, because small recurrent networks are dozens of times slower on two; gradients on; no autocast; full
    precision; algorithms as torch chooses them. New tensors are in float32 on the CPU; with a `module`, they have
    the type of its parameters and, where the user's own default is its device, are on that.
    """
    parameters = [] if module is None else [p for p in module.parameters() if p.is_floating_point()]
    threads, precision = torch.get_num_threads(), torch.get_float32_matmul_precision()
    dtype = torch.get_default_dtype()
    is_deterministic = torch.are_deterministic_algorithms_enabled()
    is_warning = torch.is_deterministic_algorithms_warn_only_enabled()
    is_autocast = torch.is_autocast_enabled("cpu")
    torch.set_num_threads(1)
    torch.set_float32_matmul_precision("highest")
    torch.set_default_dtype(parameters[0].dtype if parameters else torch.float32)
    torch.use_deterministic_algorithms(False)
    torch.set_autocast_enabled("cpu", False)
    try:
        with contextlib.ExitStack() as stack:
            devices = {torch.device("cpu"), *(parameter.device for parameter in parameters)}
            if torch.get_default_device() not in devices:
                stack.enter_context(torch.device("cpu"))
            stack.enter_context(torch.inference_mode(False))
            stack.enter_context(torch.enable_grad())
            yield
    finally:
        torch.set_autocast_enabled("cpu", is_autocast)
        torch.use_deterministic_algorithms(is_deterministic, warn_only=is_warning)
        torch.set_default_dtype(dtype)
        torch.set_float32_matmul_precision(precision)
        torch.set_num_threads(threads)
