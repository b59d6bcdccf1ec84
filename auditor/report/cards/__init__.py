"""Model cards: for a model hub, and as a CycloneDX bill of materials."""
