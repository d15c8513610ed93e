# The server with its embedding model and seed articles; no torch, no root, nothing to fetch at
# run time. Build: docker build -t geungeo .
# With traces: docker build -t geungeo --build-arg EXTRAS='[telemetry]' .
FROM python:3.11-slim AS build
ARG EXTRAS=
WORKDIR /src
COPY pyproject.toml setup.py README.md LICENSE ./
COPY requirements/lock.txt requirements/lock.txt
COPY geungeo geungeo
COPY rag rag
COPY index index
COPY server server
COPY eval eval
COPY seeds seeds
# The lock file pins what the wheel asks for; what it does not ask for stays out.
RUN pip wheel --no-deps --wheel-dir /wheels . \
    && python -m venv /opt/geungeo \
    && /opt/geungeo/bin/pip install --no-cache-dir --constraint requirements/lock.txt \
        "$(ls /wheels/*.whl)$EXTRAS"

FROM python:3.11-slim
RUN useradd --system --uid 10001 --create-home geungeo \
    && install -d -o geungeo -g geungeo -m 0750 /data
COPY --from=build /opt/geungeo /opt/geungeo
ENV PATH=/opt/geungeo/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    GEUNGEO_STORE=/data \
    GEUNGEO_HOST=0.0.0.0 \
    GEUNGEO_PORT=8000 \
    GEUNGEO_REQUIRE_KEY=true \
    GEUNGEO_LOG_FORMAT=json
USER geungeo
WORKDIR /home/geungeo
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=3m \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
ENTRYPOINT ["geungeo"]
CMD ["serve"]
