"""Runtimes: ways to execute a model, behind one interface."""
