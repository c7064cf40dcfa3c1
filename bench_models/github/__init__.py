"""The check and the history on GitHub: what the steps of workflows do."""
