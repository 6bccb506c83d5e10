# syntax=docker/dockerfile:1
FROM python:3.11-slim-bookworm AS build
RUN pip install --no-cache-dir --root-user-action=ignore uv==0.13.9
ENV UV_CACHE_DIR=/var/cache/uv \
    UV_COMPILE_BYTECODE=1 \
    UV_LINK_MODE=copy \
    UV_PROJECT_ENVIRONMENT=/opt/bewithu \
    UV_PYTHON_DOWNLOADS=never
WORKDIR /build
# The dependencies alone first: a change of ours then leaves their layer as it is.
COPY pyproject.toml uv.lock ./
RUN --mount=type=cache,target=/var/cache/uv uv sync --locked --no-dev --no-install-project
COPY . .
RUN --mount=type=cache,target=/var/cache/uv uv sync --locked --no-dev --no-editable

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --user-group --create-home --home-dir /var/lib/bewithu bewithu
COPY --from=build /opt/bewithu /opt/bewithu
ENV PATH=/opt/bewithu/bin:$PATH \
    PYTHONUNBUFFERED=1
USER bewithu
WORKDIR /var/lib/bewithu
EXPOSE 8080
ENTRYPOINT ["bewithu"]
CMD ["worker"]
