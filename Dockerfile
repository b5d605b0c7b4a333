# Afterglow: one image for worker, web and the command line. Run by docker-compose.yml; see docs/deployment.md.

FROM python:3.13.13-slim-bookworm AS build
COPY requirements.lock .
RUN python -m venv --without-pip /opt/venv \
    && pip --python /opt/venv/bin/python install --no-cache-dir --disable-pip-version-check \
       --require-hashes --only-binary :all: --requirement requirements.lock

FROM python:3.13.13-slim-bookworm
RUN pip uninstall --yes --quiet --root-user-action=ignore pip \
    && useradd --system --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin afterglow \
    && install --directory --owner afterglow --group afterglow --mode 0700 /var/lib/afterglow
COPY --from=build /opt/venv /opt/venv
WORKDIR /app
COPY logs.py ./
COPY counters.py ./
COPY activities/ activities/
COPY campaign/ campaign/
COPY channels/ channels/
COPY content/ content/
COPY intake/ intake/
COPY settings/ settings/
COPY shops/ shops/
COPY starter/ starter/
COPY storage/ storage/
COPY web/ web/
COPY worker/ worker/
COPY workflows/ workflows/
COPY writing/ writing/
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONPATH=/app \
    PYTHONUNBUFFERED=1 \
    AFTERGLOW_HOME=/var/lib/afterglow \
    AFTERGLOW_HEALTH_HOST=0.0.0.0 \
    AFTERGLOW_HEALTH_PORT=8080 \
    AFTERGLOW_WEB_HOST=0.0.0.0 \
    AFTERGLOW_WEB_PORT=8080
# The command line by its short name, as `[project.scripts]` makes it where pip installs the project.
RUN printf '#!/opt/venv/bin/python\nfrom starter.__main__ import main\n\nmain()\n' > /opt/venv/bin/afterglow \
    && chmod 0755 /opt/venv/bin/afterglow
# The root file system may be read-only: what Python would write at its first start is written now.
RUN python -m compileall -q /app
USER 10001:10001
EXPOSE 8080
VOLUME /var/lib/afterglow
# Worker and web both answer there.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=6 \
    CMD ["python", "-c", "import http.client, sys; c = http.client.HTTPConnection('127.0.0.1', 8080, timeout=4); c.request('GET', '/readyz'); sys.exit(c.getresponse().status != 200)"]
CMD ["python", "-m", "web"]
