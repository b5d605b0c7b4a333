"""What a message says: read from the database and rendered, to be sent or to be looked at. It only reads."""
