#!/bin/sh
# Brings both of Temporal's databases to the tables that this version of it wants. May be run again: it does
# only what is missing. Connection: SQL_HOST, SQL_PORT, SQL_USER, SQL_PASSWORD, SQL_PLUGIN.
set -eu
tool=${SQL_TOOL:-temporal-sql-tool}

bring_up() {
    SQL_DATABASE=$1 "$tool" setup-schema --version 0.0
    SQL_DATABASE=$1 "$tool" update-schema --schema-name "postgresql/v12/$2"
}

bring_up temporal temporal
bring_up temporal_visibility visibility
