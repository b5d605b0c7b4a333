"""The one place that wires settings, storage, channels and activities together, and runs."""
