"""Training of the small models in ``rag/evidence/model.json``."""
