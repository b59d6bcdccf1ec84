"""Hooks on an unmodified model: put on together, confirmed, taken off whatever happens."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import torch

from auditor.errors import ModelError

See = Callable[[torch.Tensor], torch.Tensor | None]
"""What is done with a tensor that passes: None leaves it, a tensor takes its place."""


@dataclass(frozen=True, slots=True)
class Tap:
    """A place in a model where one tensor passes."""

    module: Any
    name: str
    see: See
    entering: bool = False
    """The module's input rather than its output."""
    first: bool = False
    """Only the first of several calls; else it must be called once."""


class Stopped(Exception):  # noqa: N818 - a way out of a pass, and no error
    """Ends a forward pass where nothing after it is of interest."""


@contextmanager
def tapped(taps: Sequence[Tap]) -> Iterator[None]:
    """Lets taps see what passes during one forward pass.

    Raises:
        ModelError: a module was not called, or more than once: then what was seen is not what a
            text's tokens pass through.
    """
    calls = [0] * len(taps)
    with ExitStack() as stack:
        for i, tap in enumerate(taps):
            stack.callback(_put_on(tap, calls, i).remove)
        yield
    for tap, count in zip(taps, calls, strict=True):
        if count == 0 or (count > 1 and not tap.first):
            raise ModelError(
                f"{tap.name} was called {count} times in one forward pass, and must be called "
                "once; the model does not pass its tokens through its blocks as its family does"
            )


def _put_on(tap: Tap, calls: list[int], i: int) -> Any:
    def seen(tensor: torch.Tensor) -> torch.Tensor | None:
        calls[i] += 1
        return None if calls[i] > 1 else tap.see(tensor)

    if not tap.entering:

        def leaving(_: Any, __: Any, output: Any) -> Any:
            return _put_back(output, seen(_first(output)))

        return tap.module.register_forward_hook(leaving)

    def entering(_: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if args:
            new = seen(args[0])
            return None if new is None else ((new, *args[1:]), kwargs)
        new = seen(kwargs["hidden_states"])
        return None if new is None else (args, {**kwargs, "hidden_states": new})

    return tap.module.register_forward_pre_hook(entering, with_kwargs=True)


def _first(output: Any) -> torch.Tensor:
    first: torch.Tensor = output[0] if isinstance(output, tuple) else output
    return first


def _put_back(output: Any, new: torch.Tensor | None) -> Any:
    if new is None:
        return None
    return (new, *output[1:]) if isinstance(output, tuple) else new


@contextmanager
def skipped(blocks: Sequence[Any], returned: int) -> Iterator[None]:
    """Lets blocks hand on their input as it is: what they compute is known and put in later.

    Args:
        returned: how many things a block returns in a tuple; 0: a tensor alone.
    """

    def handed_on(hidden_states: torch.Tensor, *_: Any, **__: Any) -> Any:
        return (hidden_states, *[None] * (returned - 1)) if returned else hidden_states

    try:
        for block in blocks:
            block.forward = handed_on
        yield
    finally:
        for block in blocks:
            vars(block).pop("forward", None)
