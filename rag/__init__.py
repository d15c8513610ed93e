"""Domain layer: articles, retrieval, evidence, grounding and the answer pipeline."""
