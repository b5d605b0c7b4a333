"""The nightly fit."""
