"""Do the shipped rules notice what goes wrong, and how soon? What `bench detect` is made of.

`told`: what simulated agencies said, as columns. `shocks`: what goes wrong, as a change of it. `worlds`: what was
published at each moment. `series`: days as counts, for `ears`, the reference. `alarms` and `scoring`: who raised what,
and what it was worth. `trial`: all of it for one seed.
"""
