"""Does the platform stay level for hours? What `bench soak` is made of.

`pattern`: how a day's load goes. `load`: events of all types, and a false alarm now and then. `sender`: publishes them
at the pattern's pace, and keeps the `tally`. `platform`: broker, registry, mail server and worker. `sampling`: what
they use, read from the worker's metrics, its process and the `store_folder`. `ending`: the last events are taken in,
and the store is held against the tally. `verdict`: what is level, and what is not. `result`: all of it, told.
"""
