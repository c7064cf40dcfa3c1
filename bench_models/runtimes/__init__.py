"""Ways to execute a model. From outside they all look the same."""
