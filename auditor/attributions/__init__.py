"""Which tokens carry a score, or the gap of a pair: SHAP (Owen values), gradients, attention."""
