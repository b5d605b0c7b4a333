"""How a message is written: in which language, with which words and formats."""
