"""The report of the main job: one type for a variant's results, shown as table, JSON, figure and recommendation."""
