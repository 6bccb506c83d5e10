"""Kafka in: Faust with record batches, frames for the store, and when indicators are refreshed."""
