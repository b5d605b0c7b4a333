#!/bin/sh
# Makes a role and its databases for Temporal, and one for Afterglow; neither can read the other's. Runs once, when
# the data directory is empty. On a PostgreSQL of your own, run it as a role that may create roles and databases.
set -eu

for name in POSTGRES_PASSWORD_TEMPORAL POSTGRES_PASSWORD_AFTERGLOW; do
    eval "value=\${$name:-}"
    if [ ${#value} -lt 20 ]; then
        echo "$name is missing, or shorter than 20 characters: set it, remove the volume and start again" >&2
        exit 1
    fi
done

# The passwords come by the environment: on a command line every process could read them.
psql --quiet --no-psqlrc --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres <<'SQL'
\getenv temporal POSTGRES_PASSWORD_TEMPORAL
\getenv afterglow POSTGRES_PASSWORD_AFTERGLOW
CREATE ROLE temporal LOGIN PASSWORD :'temporal';
CREATE ROLE afterglow LOGIN PASSWORD :'afterglow';
CREATE DATABASE temporal OWNER temporal;
CREATE DATABASE temporal_visibility OWNER temporal;
CREATE DATABASE afterglow OWNER afterglow;
REVOKE CONNECT ON DATABASE temporal, temporal_visibility, afterglow FROM PUBLIC;
SQL
