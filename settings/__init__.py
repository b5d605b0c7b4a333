"""Settings from the environment (``AFTERGLOW_*``) and a ``.env`` file. Temporal's own are Temporal's.

Everything wrong is listed at once. Placeholders are refused in production, and wherever customers or
strangers are reached: with a real provider, or at a public address.
"""

from __future__ import annotations

from settings.checks import is_weak, load_settings
from settings.model import PREFIX, Environment, Settings, listed

__all__ = ["PREFIX", "Environment", "Settings", "is_weak", "listed", "load_settings"]
