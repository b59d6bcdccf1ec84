"""Other tools' scores of components and edges, found by an interpreter of their own.

`Others` starts this very file under another Python, in which TransformerLens, captum and pyvene are
installed and nothing of ours is, and asks it one task a line. It answers with one line of JSON:
seconds and peak memory, or what is missing. Weights, tokens and scores pass through a folder.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Self

QUIET = {
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "TRANSFORMERS_VERBOSITY": "error",
    "PYTHONWARNINGS": "ignore",
}
ATTRIBUTION = "transformer_lens.tools.analysis.attribution_patching"
PACKAGES = ("torch", "transformers", "transformer-lens", "captum", "pyvene")


class Others:
    """The other interpreter, waiting for tasks."""

    def __init__(self, python: str, folder: Path, device: str) -> None:
        self.folder = folder
        self.process = subprocess.Popen(
            [python, __file__, str(folder), device],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | QUIET,
            text=True,
        )

    def ask(self, task: str, *words: str) -> dict[str, Any]:
        """Returns the answer: seconds and peak_mib, or why the task is skipped."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(" ".join((task, *words)) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            return {"skipped": f"the other interpreter ended with {self.process.wait()}"}
        answer: dict[str, Any] = json.loads(line)
        return answer

    def found(self, name: str) -> Any:
        """Returns what a task found, as a tensor."""
        import torch

        return torch.load(self.folder / f"{name}.pt")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.communicate()


class Work:
    """What the other interpreter does."""

    def __init__(self, folder: Path, device: str) -> None:
        import torch

        self.folder = folder
        self.device = device
        self.cases: dict[str, Any] = torch.load(folder / "cases.pt")
        self.bridges: dict[str, Any] = {}

    def versions(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name in PACKAGES:
            try:
                found[name] = version(name)
            except PackageNotFoundError:
                found[name] = None
        return found

    def load(self, name: str) -> dict[str, Any]:
        """Memory with TransformerLens' model loaded; peaks are those since then."""
        self._bridge(name)
        forget_peak()
        return {"peak_mib": peak_mib()}

    def transformer_lens(self, name: str) -> dict[str, Any]:
        """EAP by TransformerLens' own function, which goes pair by pair and tells positions."""
        lens, bridge, case = import_module(ATTRIBUTION), self._bridge(name), self._case(name)
        config = lens.EdgeAttributionConfig(granularity="edge")
        answer, found = _timed(
            lambda: lens.attribution_patch(bridge, case["b"], case["a"], _margin(case), config)
        )
        self._save(f"transformer_lens-{name}", _summed(found.edge_scores, case))
        return answer

    def hooks(self, name: str) -> dict[str, Any]:
        """EAP by hand on TransformerLens' hooks: all pairs at once, products per layer."""
        bridge, case = self._bridge(name), self._case(name)
        answer, found = _timed(lambda: _by_hooks(bridge, case))
        self._save(f"hooks-{name}", found)
        return answer

    def captum(self, name: str) -> dict[str, Any]:
        """Conductance of every head and MLP, by captum's LayerConductance."""
        made = import_module("captum.attr").LayerConductance
        model, case = self._model(name), self._case(name)
        answer, found = _timed(lambda: _conductance(made, model, case))
        self._save(f"captum-{name}", found)
        return answer

    def pyvene(self, name: str) -> dict[str, Any]:
        """Margins with one head of each layer patched exactly. [layer, pair]"""
        import torch

        tool, model, case = import_module("pyvene"), self._model(name), self._case(name)
        with torch.no_grad():
            answer, found = _timed(
                lambda: [_patched(tool, model, case, *at) for at in enumerate(case["heads"])]
            )
        self._save(f"pyvene-{name}", torch.stack(found))
        return answer

    def _case(self, name: str) -> dict[str, Any]:
        case: dict[str, Any] = self.cases[name]
        return case | {side: case[side].to(self.device) for side in "ab"}

    def _model(self, name: str) -> Any:
        """Loads it anew, with parameters frozen: TransformerLens changes what it is given."""
        import torch
        import transformers

        case = self.cases[name]
        dtype = getattr(torch, case["dtype"])
        found = getattr(transformers, case["class"]).from_pretrained(
            self.folder / name, dtype=dtype
        )
        return found.eval().requires_grad_(False).to(self.device)

    def _bridge(self, name: str) -> Any:
        if name not in self.bridges:
            made = import_module("transformer_lens.model_bridge").TransformerBridge
            bridge = made.boot_transformers(
                "gpt2",
                # It asks for the gradient of the tokens' embedding.
                hf_model=self._model(name).requires_grad_(True),
                tokenizer=_no_tokenizer(self.folder),
                device=self.device,
            )
            self.bridges[name] = bridge.eval()
        return self.bridges[name]

    def _save(self, name: str, tensor: Any) -> None:
        import torch

        torch.save(tensor.cpu(), self.folder / f"{name}.pt")


def _margin(case: dict[str, Any]) -> Callable[[Any], Any]:
    first, second = case["contrast"]
    return lambda logits: (logits[:, -1, first] - logits[:, -1, second]).sum()


def _no_tokenizer(folder: Path) -> Any:
    """TransformerLens will not start without one."""
    from tokenizers import Tokenizer, models
    from transformers import PreTrainedTokenizerFast

    words = Tokenizer(models.WordLevel({"a": 0}, unk_token="a"))
    made = PreTrainedTokenizerFast(
        tokenizer_object=words, bos_token="a", eos_token="a", pad_token="a"
    )
    made.save_pretrained(folder / "tokenizer")
    return PreTrainedTokenizerFast.from_pretrained(folder / "tokenizer")


def _summed(scores: Any, case: dict[str, Any]) -> Any:
    """TransformerLens' mean over pairs as a sum, over positions too. [writer, reader]"""
    import torch

    writers = {name: i for i, name in enumerate(case["writers"])}
    readers = {name: i for i, name in enumerate(case["readers"])}
    found = torch.zeros(len(writers), len(readers), dtype=torch.float64)
    for (writer, reader), score in scores.items():
        found[writers[_name(writer)], readers[_name(reader)]] += score * len(case["a"])
    return found


def _name(node: Any) -> str:
    if node.kind == "embed":
        return "embed"
    if node.kind == "logits":
        return "out"
    if node.head is None:
        return f"m{node.layer}"
    part = "" if node.kind == "attn_head_out" else f".{node.kind[0]}"
    return f"a{node.layer}.h{node.head}{part}"


def _by_hooks(bridge: Any, case: dict[str, Any]) -> Any:
    """EAP over all pairs at once on TransformerLens' hooks. [writer, reader]"""
    import torch

    lens, margin = import_module(ATTRIBUTION), _margin(case)
    layers = range(bridge.cfg.n_layers)
    heads = [f"blocks.{i}.attn.hook_{part}" for i in layers for part in _ATTENTION]
    mlps = [f"blocks.{i}.hook_mlp_{part}" for i in layers for part in ("in", "out")]
    names = ["hook_embed", *heads, *mlps, f"blocks.{layers[-1]}.hook_resid_post"]
    with lens._edge_hook_flags(bridge):
        other = lens.cache_activation_and_gradient(
            bridge, case["b"], margin, names, compute_gradient=False
        )
        own = lens.cache_activation_and_gradient(bridge, case["a"], margin, names)
    change = {name: other.activations[name] - own.activations[name] for name in names}
    written, found = [change["hook_embed"][:, :, None]], []
    for i in layers:
        reads = [own.gradients[f"blocks.{i}.attn.hook_{part}_input"] for part in "qkv"]
        found.append(_products(written, torch.cat(reads, dim=2)))
        written.append(change[f"blocks.{i}.attn.hook_result"])
        found.append(_products(written, own.gradients[f"blocks.{i}.hook_mlp_in"][:, :, None]))
        written.append(change[f"blocks.{i}.hook_mlp_out"][:, :, None])
    found.append(_products(written, own.gradients[names[-1]][:, :, None]))
    rows = found[-1].shape[0]
    return torch.cat([torch.nn.functional.pad(f, (0, 0, 0, rows - len(f))) for f in found], dim=1)


_ATTENTION = ("result", "q_input", "k_input", "v_input")


def _products(written: list[Any], gradients: Any) -> Any:
    """[row, position, component, dimension] on both sides -> [writer, reader]"""
    import torch

    return torch.einsum("rpwd,rpgd->wg", torch.cat(written, dim=2), gradients)


def _patched(tool: Any, model: Any, case: dict[str, Any], layer: int, head: int) -> Any:
    """Returns the margin with one head's output as in the other version. [pair]"""
    a, (first, second) = case["a"], case["contrast"]
    part = tool.RepresentationConfig(layer, "head_attention_value_output", "h.pos", 1)
    config = tool.IntervenableConfig(
        model_type=type(model),
        representations=[part],
        intervention_types=tool.VanillaIntervention,
    )
    where = [[[[head]] * len(a), [list(range(a.shape[1]))] * len(a)]]
    _, output = tool.IntervenableModel(config, model)(
        {"input_ids": a}, [{"input_ids": case["b"]}], {"sources->base": (where, where)}
    )
    return output.logits[:, -1, first] - output.logits[:, -1, second]


def _conductance(layer_conductance: Any, model: Any, case: dict[str, Any]) -> Any:
    """Conductance on the straight path of what enters the first block. [pair, head or MLP]

    captum sums the gradient before each step; the mean of that and of the sum on the way back,
    with its sign changed, is the trapezoid rule that we use.
    """
    import torch

    parts = dict(model.named_modules())
    first = parts[case["first"]]
    a, b = (_entering(model, first, case[side]) for side in "ab")

    def forward(entering: Any) -> Any:
        put = first.register_forward_pre_hook(lambda _, args: (entering, *args[1:]))
        try:
            tokens = case["a"].repeat(len(entering) // len(case["a"]), 1)
            logits = model(input_ids=tokens).logits
        finally:
            put.remove()
        logits = logits[:, -1] if logits.dim() == 3 else logits
        return logits[:, case["contrast"][0]] - logits[:, case["contrast"][1]]

    found = []
    for name, heads, entering in case["parts"]:
        attribute = layer_conductance(forward, parts[name]).attribute
        how = {"n_steps": case["steps"], "method": "riemann_trapezoid"}
        there, back = (
            attribute(to, since, attribute_to_layer_input=entering, **how)
            for to, since in ((b, a), (a, b))
        )
        means = ((there - back) / 2).detach()
        found.append(means.unflatten(-1, (heads, -1)).sum((1, 3)))
    return torch.cat(found, dim=1)


def _entering(model: Any, first: Any, tokens: Any) -> Any:
    import torch

    kept: list[Any] = []
    hook = first.register_forward_pre_hook(lambda _, args: kept.append(args[0]))
    with torch.no_grad():
        model(input_ids=tokens)
    hook.remove()
    return kept[0]


def _timed(call: Callable[[], Any]) -> tuple[dict[str, Any], Any]:
    start = time.perf_counter()
    found = call()
    return {"seconds": time.perf_counter() - start, "peak_mib": peak_mib()}, found


def forget_peak() -> None:
    """Lets the peak of this process' memory be what it has now (on Linux)."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def peak_mib() -> int:
    """Of this process' resident memory; what `getrusage` tells begins with the parent's."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split("VmHWM:")[1].split()[0]) // 1024


def main() -> None:
    """Answers tasks until there are no more."""
    # Libraries print; what is answered has a line of its own.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    work = Work(Path(sys.argv[1]), sys.argv[2])
    for line in sys.stdin:
        task, *words = line.split()
        try:
            answer = getattr(work, task)(*words)
        except ImportError as error:
            answer = {"skipped": str(error)}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
