FROM python:3.13-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /build
RUN python -m venv /opt/procession && python -m venv /opt/build
COPY requirements ./requirements
# Wheels only: a pysqlite3 built here would link the image's own SQLite.
RUN /opt/procession/bin/python -m pip install --require-hashes --only-binary :all: -r requirements/core.txt \
    && /opt/build/bin/python -m pip install --require-hashes --only-binary :all: -r requirements/build.txt
COPY pyproject.toml LICENSE ./
COPY src ./src
RUN /opt/build/bin/python -m pip wheel --no-deps --no-build-isolation --wheel-dir /dist . \
    && /opt/procession/bin/python -m pip install --no-deps --no-index /dist/procession-*.whl

FROM python:3.13-slim
RUN useradd --system --user-group --uid 10001 --home-dir /data --shell /usr/sbin/nologin procession \
    && install --directory --owner=procession --group=procession --mode=0700 /data
COPY --from=build /opt/procession /opt/procession
ENV PATH=/opt/procession/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PROCESSION_HOST=0.0.0.0 \
    PROCESSION_PORT=8080 \
    PROCESSION_DATA_DIR=/data \
    PROCESSION_LOG_FORMAT=json
USER 10001:10001
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen('http://127.0.0.1:' + os.environ['PROCESSION_PORT'] + '/health/live', timeout=4)"]
ENTRYPOINT ["procession"]
CMD ["serve"]
