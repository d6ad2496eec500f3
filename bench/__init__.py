"""Speed as ratios to floors of the same run."""
