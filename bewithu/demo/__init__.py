"""The whole platform on the embedded default, fed by the simulator: one process tree that leaves nothing behind."""
