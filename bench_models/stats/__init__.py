"""Estimates and their intervals; knows nothing of models."""
