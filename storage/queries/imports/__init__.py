"""History by the batch: orders, people and the catalogue from files, and where a file is to go on."""
