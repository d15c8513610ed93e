"""Offline evaluation: measure retrieval, answers, citations and abstention on data sets."""
