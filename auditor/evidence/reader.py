"""A finished run, read: findings as records, pairs by query. Nothing here writes."""

from __future__ import annotations

import glob
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import duckdb
import pandas as pd
from pydantic import TypeAdapter, ValidationError

from auditor.errors import RunError
from auditor.evidence import manifest
from auditor.evidence.circuits import StoredCircuit, stored_circuits
from auditor.evidence.files import read_json
from auditor.plan import AuditPlan
from auditor.plan_file import check_plan
from auditor.records import Finding, GroupMetric, Overall, Results
from auditor.records_attributions import Explanations
from auditor.records_circuits import CircuitRecord
from auditor.schemas import ATTRIBUTIONS, CIRCUIT_PAIRS

_RESULTS = TypeAdapter(Results)
_EXPLANATIONS = TypeAdapter(Explanations)
_OF_A_RUN = ("run_id", "run_number", "started_at", "finished_at", "models", "inputs", "environment")


class Evidence:
    """The evidence of one run. Open it with `Evidence.open`."""

    def __init__(
        self, folder: Path, plan: AuditPlan, record: dict[str, Any], results: dict[str, Any]
    ) -> None:
        self.folder = folder
        self.plan = plan
        self.record = record
        named = {name: value for name, value in results.items() if name != "schema_version"}
        self.results: Results = _RESULTS.validate_python(named)

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Opens a finished run folder.

        Raises:
            RunError: not a run folder, not finished, or written by a newer auditor.
        """
        evidence = folder / "evidence"
        if not evidence.is_dir():
            raise RunError(
                f"{folder} is not a run folder (it has no evidence/); give the folder that "
                "`auditor run` or `auditor demo` named"
            )
        record = read_json(evidence / "run.json")
        if not (evidence / "findings.json").exists():
            raise RunError(
                f"{folder} is not finished; complete it with: auditor run --resume {folder}"
            )
        results = read_json(evidence / "findings.json")
        try:
            for key in _OF_A_RUN:
                record[key]
            values = read_json(evidence / "plan.json")["plan"]
            return cls(folder, check_plan(values, str(evidence / "plan.json")), record, results)
        except (KeyError, ValidationError) as error:
            raise _changed(evidence, error, run=folder) from error

    @cached_property
    def root_hash(self) -> str | None:
        """SHA-256 of the manifest; None while the run is not sealed."""
        evidence = self.folder / "evidence"
        return manifest.root_hash(evidence) if (evidence / manifest.MANIFEST).exists() else None

    @property
    def findings(self) -> tuple[Finding, ...]:
        return self.results.findings

    @property
    def group_metrics(self) -> tuple[GroupMetric, ...]:
        return self.results.group_metrics

    @property
    def overall(self) -> Overall:
        return self.results.overall

    @property
    def coverage(self) -> dict[str, Any]:
        return dict(self.results.coverage)

    @property
    def model_ids(self) -> list[str]:
        return [str(model["model_id"]) for model in self.record["models"]]

    def pairs(
        self,
        where: str | None = None,
        params: Sequence[Any] = (),
        *,
        order_by: str | None = None,
        limit: int | None = None,
        offset: int = 0,
    ) -> pd.DataFrame:
        """Returns pairs as rows with the columns of `schemas.PAIRS`.

        Args:
            where: an SQL condition over the columns, with `?` for each of `params`.
            order_by: SQL; by default as written.
        """
        return self._select("pairs/*.parquet", where, params, order_by, limit, offset)

    def count_pairs(self, where: str | None = None, params: Sequence[Any] = ()) -> int:
        """Returns how many pairs meet the condition."""
        condition = f" WHERE {where}" if where else ""
        source = self._source("pairs/*.parquet")
        frame = self._query(f"SELECT count(*) AS n FROM {source}{condition}", params)
        return int(frame["n"].iloc[0])

    def cases(
        self,
        where: str | None = None,
        params: Sequence[Any] = (),
        *,
        limit: int | None = None,
        offset: int = 0,
    ) -> pd.DataFrame:
        """Returns flagged cases, most severe first, with the columns of `schemas.CASES`."""
        return self._select("cases.parquet", where, params, None, limit, offset)

    @cached_property
    def explanations(self) -> Explanations:
        """What the explained pairs say together, or why none were explained."""
        path = self.folder / "evidence" / "attributions.json"
        if not path.exists():
            return Explanations(not_explained="the run was made by an auditor that did not explain")
        values = {k: v for k, v in read_json(path).items() if k != "schema_version"}
        return _EXPLANATIONS.validate_python(values)

    def attributions(
        self,
        where: str | None = None,
        params: Sequence[Any] = (),
        *,
        limit: int | None = None,
    ) -> pd.DataFrame:
        """Returns values per token, with the columns of `schemas.ATTRIBUTIONS`.

        Ordered by pair, method, side and token; empty where nothing was explained.

        Args:
            where: an SQL condition, e.g. `"pair_id = ? AND method = 'owen'"`.
        """
        if not any((self.folder / "evidence" / "attributions").glob("*.parquet")):
            empty: pd.DataFrame = ATTRIBUTIONS.empty_table().to_pandas()
            return empty
        order = 'pair_id, method, side, "index"'
        return self._select("attributions/*.parquet", where, params, order, limit, 0)

    @property
    def stored_circuits(self) -> tuple[StoredCircuit, ...]:
        """The circuit of each finding that has one, and where it lies, ordered by finding.

        Read anew each time, since addenda come later than the evidence.
        """
        try:
            return stored_circuits(self.folder)
        except ValidationError as error:
            raise _changed(self.folder, error, run=self.folder) from error

    @property
    def circuits(self) -> tuple[CircuitRecord, ...]:
        """The circuit of each finding that has one, of the audit or traced later, or why it has
        none, ordered by finding."""
        return tuple(stored.record for stored in self.stored_circuits)

    def circuit_pairs(
        self,
        where: str | None = None,
        params: Sequence[Any] = (),
        *,
        limit: int | None = None,
    ) -> pd.DataFrame:
        """Returns the values of circuits per pair, with the columns of `schemas.CIRCUIT_PAIRS`.

        Ordered by finding, pair and component; empty where nothing was traced.

        Args:
            where: an SQL condition, e.g. `"finding_id = ? AND component = 'a3.h7'"`.
        """
        files = [stored.files.pairs for stored in self.stored_circuits if stored.traced]
        if not files:
            empty: pd.DataFrame = CIRCUIT_PAIRS.empty_table().to_pandas()
            return empty
        return self._select(files, where, params, "finding_id, pair_id, component", limit, 0)

    def predictions(self) -> pd.DataFrame | None:
        """Returns predictions with the columns of `schemas.PREDICTIONS`, or None without any."""
        if not (self.folder / "evidence" / "predictions.parquet").exists():
            return None
        return self._select("predictions.parquet", None, (), None, None, 0)

    def _select(
        self,
        files: str | Sequence[Path],
        where: str | None,
        params: Sequence[Any],
        order_by: str | None,
        limit: int | None,
        offset: int,
    ) -> pd.DataFrame:
        clauses = [f"SELECT * FROM {self._source(files)}"]
        clauses += [f"WHERE {where}"] if where else []
        clauses += [f"ORDER BY {order_by}"] if order_by else []
        clauses += [f"LIMIT {int(limit)}"] if limit is not None else []
        clauses += [f"OFFSET {int(offset)}"] if offset else []
        return self._query(" ".join(clauses), params)

    def _query(self, sql: str, params: Sequence[Any]) -> pd.DataFrame:
        try:
            frame: pd.DataFrame = duckdb.connect().execute(sql, list(params)).df()
        except duckdb.Error as error:
            raise RunError(f"the query on {self.folder} failed: {error}") from error
        return frame

    def _source(self, files: str | Sequence[Path]) -> str:
        """A table for DuckDB: of a pattern under evidence/, or of files by name."""
        if isinstance(files, str):
            return f"read_parquet('{pairs_glob(self.folder / 'evidence', files)}')"
        globs = ", ".join(f"'{pairs_glob(path.parent, path.name)}'" for path in files)
        return f"read_parquet([{globs}])"


def _changed(what: Path, error: KeyError | ValidationError, *, run: Path) -> RunError:
    return RunError(
        f"{what} was changed since the auditor wrote it: {_first_line(error)}; see "
        f"what differs with `auditor verify {run}`, or restore it from a copy"
    )


def _first_line(error: KeyError | ValidationError) -> str:
    """What is wrong, in one line: a validation error lists every field in several."""
    if isinstance(error, KeyError):
        return f"{error} is missing"
    first = error.errors()[0]
    return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"


def pairs_glob(evidence: Path, pattern: str = "pairs/*.parquet") -> str:
    """Returns a DuckDB glob of files under `evidence`, safe inside single quotes."""
    return f"{glob.escape(evidence.as_posix())}/{pattern}".replace("'", "''")
