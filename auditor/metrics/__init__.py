"""From scored pairs and predictions to estimates, findings, a verdict, and cases to look at.

counted (what counts once) -> clusters (means) -> counterfactual (which numbers) -> estimates (how
sure) -> measurements (of every arm) -> verdicts (what may be claimed) -> findings. `results` calls
them in order; README.md has the methods.
"""
