"""The business rules, pure: no I/O, no Temporal, no SQL; every function is (facts, now) -> answer."""
