"""Counterfactual token swaps: lexicons, matching, grammar. Pure text; no model is asked."""
