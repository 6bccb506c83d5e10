"""Tests of the board and its API, on made-up data that looks like Belgium's."""
