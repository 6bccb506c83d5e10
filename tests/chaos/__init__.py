"""Failures at random moments on real parts, and the checks that nothing was lost, doubled or believed too early."""
