"""Benchmarks: ours, its peers and the limit, measured in one run and told as ratios."""
