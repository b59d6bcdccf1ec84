"""A small sealed run with a report, and keys for it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from auditor.evidence.files import write_json
from auditor.evidence.manifest import root_hash
from auditor.evidence.run_folder import RunFolder, write_edition
from auditor.metrics.verdicts import overall
from auditor.plan_file import plan_from_options
from auditor.records import Contrast, Criterion, Estimate, Finding, Results, Verdict, to_plain
from auditor.schemas import PAIRS

JUDGED = {
    "b": Verdict.MEETS,
    "c": Verdict.DOES_NOT_MEET,
    "d": Verdict.INCONCLUSIVE,
    "e": Verdict.NOT_TESTED,
}
"""Group compared with "a" -> the verdict of its finding."""


def sealed_run(folder: Path, *, seed: int = 0, groups: str = "bcde") -> Path:
    """Returns a sealed run with one edition of a report."""
    facts = {"declared": {"system": "Sorter"}, "report": {"valid_days": 30}}
    plan = plan_from_options(models=[{"id": "m"}], path="d.csv", text="t", seed=seed)
    plan = type(plan).model_validate({**plan.model_dump(), **facts})
    run = RunFolder.create(folder, plan, {"data d.csv": "cd" * 32})
    run.note_model(0, {"model_id": "m", "digests": {"model.safetensors": "ab" * 32}})
    run.write_part(0, 0, pairs=PAIRS.empty_table(), predictions=None, notes={})
    findings = [_finding(group, JUDGED[group]) for group in groups]
    described = _finding("b", None)
    results = Results(overall(findings), (*findings, described))
    run.write_json("findings.json", to_plain(results))
    run.seal()
    add_edition(folder)
    return folder


def add_edition(run: Path) -> Path:
    """Writes a report as the run's next edition and returns its folder."""
    recorded = json.loads((run / "evidence" / "run.json").read_bytes())["plan_sha256"]
    report = {"root_hash": root_hash(run / "evidence"), "plan_sha256": recorded, "rate": 0.25}

    def write(folder: Path) -> Iterator[Path]:
        write_json(folder / "report.json", report)
        (folder / "report.html").write_text("<p>0.25</p>")
        yield folder / "report.json"

    return write_edition(run, write)[0].parent


def write_keys(folder: Path, name: str = "key", passphrase: bytes | None = None) -> Path:
    """Writes NAME.pem and NAME.pub.pem, and returns the first."""
    key = Ed25519PrivateKey.generate()
    lock = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
    private = folder / f"{name}.pem"
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock))
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    private.with_suffix(".pub.pem").write_bytes(public)
    return private


def _finding(group: str, verdict: Verdict | None) -> Finding:
    estimate = Estimate(0.01, 0.0, 0.02, 640, 32, "difference of rates", "t")
    return Finding(
        Contrast("gender", "a", group),
        "selection_rate_change" if verdict else "flip_rate",
        "m",
        estimate,
        verdict,
        criterion=Criterion(0.05, "in-house") if verdict else None,
    )
