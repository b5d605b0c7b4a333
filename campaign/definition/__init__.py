"""The campaign as data: TOML to pydantic, its loading and its mistakes."""
