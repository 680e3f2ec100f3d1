"""Tracing: elementwise functions recorded as programs, and programs printed as code."""
