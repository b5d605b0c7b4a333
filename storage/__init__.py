"""SQLModel tables, the queries that have names, and migrations. SQLite by default, PostgreSQL by URL."""
