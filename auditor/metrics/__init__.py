"""From scored pairs and predictions to estimates, findings, a verdict, and cases to look at.

clusters (what counts once) -> counterfactual (which numbers) -> estimates (how sure)
-> verdicts (what may be claimed) -> findings. Beside them: groups, cases, coverage.
"""
