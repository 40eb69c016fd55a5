# One image for web, worker and beat: the command says which (compose.yaml shows all three).
# It needs no writable file system beyond /tmp, given DATABASE_URL, SECRET_KEY and KEY_RING;
# without them it keeps its data, as a single replica, in the volume at DATA_DIR.

FROM python:3.11-slim AS parts
COPY requirements.lock /tmp/
# Without pip in it: what installs the parts stays in this stage.
RUN ["python", "-m", "venv", "--without-pip", "/opt/videobroker"]
RUN ["pip", "--python", "/opt/videobroker/bin/python", "install", "--no-cache-dir", "--disable-pip-version-check", "--require-hashes", "--only-binary", ":all:", "--requirement", "/tmp/requirements.lock"]

FROM python:3.11-slim
RUN groupadd --system --gid 10001 videobroker \
 && useradd --system --uid 10001 --gid videobroker --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin videobroker \
 && install --directory --owner videobroker --group videobroker --mode 0700 /var/lib/videobroker

ENV PATH=/opt/videobroker/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=videobroker.settings \
    DATA_DIR=/var/lib/videobroker \
    STATIC_ROOT=/srv/videobroker/staticfiles \
    LOG_FORMAT=json \
    GRANIAN_INTERFACE=wsgi \
    GRANIAN_HOST=0.0.0.0 \
    GRANIAN_PORT=8000 \
    GRANIAN_HTTP=1 \
    GRANIAN_WEBSOCKETS=false \
    GRANIAN_WORKERS=1 \
    GRANIAN_BLOCKING_THREADS=16 \
    GRANIAN_WORKERS_KILL_TIMEOUT=25

WORKDIR /srv/videobroker
COPY --from=parts /opt/videobroker /opt/videobroker
COPY manage.py ./
COPY videobroker videobroker
COPY rooms rooms
COPY tokens tokens
# Settings make secrets where none are given: those of the build are thrown away with their folder.
RUN DATA_DIR=/tmp/build python manage.py collectstatic --no-input --verbosity 0 \
 && rm -r /tmp/build \
 && python -m compileall -q manage.py videobroker rooms tokens

USER 10001:10001
VOLUME ["/var/lib/videobroker"]
EXPOSE 8000
STOPSIGNAL SIGTERM
# Says that the process answers; whether it may be sent requests is for /readyz to say.
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen('http://127.0.0.1:' + os.environ['GRANIAN_PORT'] + '/livez', timeout=2)"]
CMD ["granian", "videobroker.wsgi:application"]
