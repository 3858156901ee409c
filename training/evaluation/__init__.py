"""Measures the shipped weights against the bars of bars.toml, on people and voices that training has not seen."""
