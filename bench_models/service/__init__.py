"""What a repository on GitHub needs around the check and the history."""
