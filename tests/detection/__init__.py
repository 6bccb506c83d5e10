"""What `bench detect` measures with is itself measured."""
