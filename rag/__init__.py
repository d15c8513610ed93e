"""The domain: articles, retrieval, evidence, grounding and the answer pipeline."""
