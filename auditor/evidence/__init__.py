"""Storage: run folders, parts, resume, provenance, manifests. No numbers are made here."""
