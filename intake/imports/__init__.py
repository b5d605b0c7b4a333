"""History from files: customers, orders, products and consents, streamed into the database."""
