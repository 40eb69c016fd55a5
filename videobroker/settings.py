"""Every setting of videobroker, read from the environment once, each with its default and its reason.

The defaults run everything embedded in `DATA_DIR` on one machine. One variable each moves to real parts:
`DATABASE_URL`, `REDIS_URL`, `TELNYX_API_KEY`. `checks.py` refuses combinations that would lose or leak data.
"""

import sys
from pathlib import Path

from videobroker.embedded import secret_of
from videobroker.environment import Env
from videobroker.logs import logging_config
from videobroker.secret import Secret

env = Env()
BASE_DIR = Path(__file__).resolve().parent.parent

# --- Where data lives when nothing else is said -----------------------------------------------------------

# The one folder the embedded parts write to: database, generated secrets, simulator's store, demo.json.
DATA_DIR = Path(env.str("DATA_DIR", default=str(BASE_DIR / "var"))).resolve()

# --- Who we are on the web --------------------------------------------------------------------------------

PORT = env.int("PORT", default=8000)
# What browsers and Telnyx call us. Webhooks are asked for only when it is set: Telnyx must be able to reach it.
PUBLIC_URL = env.str("PUBLIC_URL", default="").rstrip("/")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
# How many proxies in front of us append to X-Forwarded-For. 0: the header is not believed at all.
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", default=0)
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL] if PUBLIC_URL.startswith("https://") else []

DEBUG = False  # error pages with local variables would show secrets; there is no setting to turn them on

# --- Secrets ----------------------------------------------------------------------------------------------

# Signs sessions and CSRF tokens. Embedded: generated once into DATA_DIR. Replicas must share one.
SECRET_KEY = env.str("SECRET_KEY", default="") or secret_of(DATA_DIR, "secret_key")
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
# The key ring that seals secrets at rest: `id:base64(32 bytes)`, comma separated, the first one seals, all of
# them open. `manage.py rotate_secrets` re-seals everything under the first.
KEY_RING = Secret(env.str("KEY_RING", default="") or secret_of(DATA_DIR, "key_ring"))
# Whether the two above were given rather than generated (checks.py wants them given beside a real database).
SECRETS_ARE_EMBEDDED = not (env.str("SECRET_KEY", default="") and env.str("KEY_RING", default=""))

# --- Telnyx -----------------------------------------------------------------------------------------------

# The house's Telnyx account. Without it everything speaks to the simulator.
TELNYX_API_KEY = Secret(env.str("TELNYX_API_KEY", default=""))
# Telnyx's public key of that account, to verify its webhooks (base64 of 32 bytes, from the Telnyx portal).
TELNYX_PUBLIC_KEY = env.str("TELNYX_PUBLIC_KEY", default="")
SIMULATOR_PORT = env.int("SIMULATOR_PORT", default=8001)
# The only place that knows where Telnyx, or the simulator in its stead, is found.
TELNYX_API_BASE = env.str(
    "TELNYX_API_BASE",
    default="https://api.telnyx.com/v2" if TELNYX_API_KEY else f"http://127.0.0.1:{SIMULATOR_PORT}/v2",
).rstrip("/")
# Where the join page finds Telnyx's client SDK, as an ES module. Not asked for beside the simulator.
TELNYX_VIDEO_MODULE = env.str(
    "TELNYX_VIDEO_MODULE", default="https://cdn.jsdelivr.net/npm/@telnyx/video@1.0.2/+esm"
)
# The whole time a caller waits for Telnyx within one of his requests.
TELNYX_TIMEOUT_SECS = env.float("TELNYX_TIMEOUT_SECS", default=8.0)
# The same for orders that workers carry out, where nobody is waiting.
TELNYX_TASK_TIMEOUT_SECS = env.float("TELNYX_TASK_TIMEOUT_SECS", default=20.0)
# Connections kept open to Telnyx: at least as many as threads that may ask at once.
TELNYX_POOL_SIZE = env.int("TELNYX_POOL_SIZE", default=32)
# The hosts that a download link of Telnyx's may lead to, each with all hosts below it; `*` for any public one. A link
# to elsewhere is refused and logged: our answers must not send people wherever somebody else has written.
DOWNLOAD_HOSTS = env.list("DOWNLOAD_HOSTS", default=["telnyx.com", "telnyxcloudstorage.com", "amazonaws.com"])

# --- Database ---------------------------------------------------------------------------------------------

DATABASES = {
    "default": env.db_url("DATABASE_URL", default=f"sqlite:///{DATA_DIR / 'videobroker.sqlite3'}"),
}
DATABASES["default"]["ATOMIC_REQUESTS"] = False  # no transaction may be open while Telnyx is asked
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # IMMEDIATE takes the write lock at BEGIN, so two writers queue instead of failing with "database is
    # locked"; FULL makes a commit survive a power cut (docs/decisions/0004-sqlite-and-postgresql.md).
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 10,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
    }
    # A file for tests too: threads and processes of a test must see the same rows.
    DATABASES["default"]["TEST"] = {"NAME": str(DATA_DIR / "test.sqlite3")}
else:
    # A new connection costs milliseconds; kept ones are checked before use, so a restart heals itself.
    DATABASES["default"]["CONN_MAX_AGE"] = env.int("DATABASE_CONN_MAX_AGE", default=300)
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    DATABASES["default"].setdefault("OPTIONS", {}).setdefault("connect_timeout", 3)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Redis or Valkey: wakes workers and counts throttles; remembers nothing that matters -------------------

REDIS_URL = env.str("REDIS_URL", default="redis://127.0.0.1:6379/0")
# Celery's broker, if it shall be another one (RabbitMQ: amqp://…).
CELERY_BROKER_URL = env.str("CELERY_BROKER_URL", default=REDIS_URL)

# --- Rules that hold for every tenant ---------------------------------------------------------------------

# Requests one tenant, and one identity, may make in a minute, where the tenant has no limit of its own.
REQUESTS_PER_MINUTE_OF_TENANT = env.int("REQUESTS_PER_MINUTE_OF_TENANT", default=12000)
REQUESTS_PER_MINUTE_OF_IDENTITY = env.int("REQUESTS_PER_MINUTE_OF_IDENTITY", default=1200)
# Of those, mints and refreshes: a person needs a few for each device, not a tenant's whole share.
MINTS_PER_MINUTE_OF_IDENTITY = env.int("MINTS_PER_MINUTE_OF_IDENTITY", default=120)
# The same for one address, for what may be asked without a login (refreshing, where the tenant allows it).
REQUESTS_PER_MINUTE_OF_ADDRESS = env.int("REQUESTS_PER_MINUTE_OF_ADDRESS", default=300)
# A purge that would delete more than this share of what a tenant has stored waits to be allowed, unless it is about no
# more than so many recordings and compositions at all.
PURGE_MAX_SHARE = env.float("PURGE_MAX_SHARE", default=0.25)
PURGE_FREE_COUNT = env.int("PURGE_FREE_COUNT", default=100)
# What deleting leaves of Telnyx's rate limit to those who are joining, as a share of it.
PURGE_HEADROOM = env.float("PURGE_HEADROOM", default=0.25)
# How far workers go behind the web on a machine that they share, as with nice(1).
WORKER_NICENESS = env.int("WORKER_NICENESS", default=10)
# Whether identity providers and webhook targets may be at private addresses. For a demo or a closed network.
ALLOW_PRIVATE_ADDRESSES = env.bool("ALLOW_PRIVATE_ADDRESSES", default=False)

# What a Prometheus has to show to read /metrics. None: there is no such page, as its figures are of all tenants.
METRICS_TOKEN = Secret(env.str("METRICS_TOKEN", default=""))

# --- Django -----------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "axes",
    "corsheaders",
    "django_filters",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "videobroker.tenants",
    "videobroker.api",
    "rooms",
    "tokens",
    "videobroker.simulator",
    "videobroker.running",
]
MIDDLEWARE = [
    "videobroker.api.request_ids.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "videobroker.api.headers.SafeHeadersMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "videobroker.api.bodies.LengthRequiredMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AUTH_USER_MODEL = "tenants.User"
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
CSRF_FAILURE_VIEW = "videobroker.api.errors.on_csrf_failure"
ROOT_URLCONF = "videobroker.urls"
WSGI_APPLICATION = "videobroker.wsgi.application"
APPEND_SLASH = False  # Telnyx's paths have none, and a redirect would turn a POST into a GET
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]
LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True
STATIC_URL = "/static/"
# Where `collectstatic` gathers files and they are served from; without it they are served from the packages.
STATIC_ROOT = env.str("STATIC_ROOT", default="") or None
WHITENOISE_USE_FINDERS = STATIC_ROOT is None
WHITENOISE_AUTOREFRESH = False
WHITENOISE_MIMETYPES = {".ts": "text/plain; charset=utf-8"}  # TypeScript, which else is taken for a video
# A body larger than the API's own cap (256 KB) never gets into memory.
DATA_UPLOAD_MAX_MEMORY_SIZE = 256 * 1024

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "no-referrer"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
# Behind TLS: cookies only over https, and browsers told to stay there.
BEHIND_TLS = PUBLIC_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = BEHIND_TLS
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=31_536_000) if BEHIND_TLS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = BEHIND_TLS
SECURE_SSL_REDIRECT = False  # the proxy's work; a redirect of a POST would lose its body
if TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SILENCED_SYSTEM_CHECKS = ["security.W008"]  # SECURE_SSL_REDIRECT, said above

# Wrong passwords in the admin: ten for one account from one address, then a quarter of an hour's rest.
AXES_FAILURE_LIMIT = env.int("LOGIN_FAILURE_LIMIT", default=10)
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_CALLABLE = "videobroker.admin.lockout.locked_out"
AXES_CLIENT_IP_CALLABLE = "videobroker.tenants.client_addresses.client_address"
AXES_VERBOSE = False
AXES_ENABLE_ACCESS_FAILURE_LOG = False

# CORS is decided per tenant (videobroker/api/origins.py); the library only writes the headers.
CORS_ALLOWED_ORIGINS: list[str] = []
CORS_ALLOW_CREDENTIALS = False
CORS_URLS_REGEX = r"^/(v2|\.well-known)/.*$"
CORS_ALLOW_HEADERS = ["authorization", "content-type", "accept", "idempotency-key", "x-request-id"]
CORS_EXPOSE_HEADERS = ["RateLimit", "RateLimit-Policy", "Retry-After", "X-Request-Id"]
CORS_PREFLIGHT_MAX_AGE = 600

# Deny by default: what opens a door (authentication, policy, parser) is said by ApiView in videobroker/api/views.py.
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": ["videobroker.api.permissions.NobodyMay"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": [],
    "DEFAULT_SCHEMA_CLASS": "videobroker.api.schema.OperationSchema",
    "EXCEPTION_HANDLER": "videobroker.api.errors.answer_to",
    "UNAUTHENTICATED_USER": None,
    "UNAUTHENTICATED_TOKEN": None,
    "URL_FORMAT_OVERRIDE": None,
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "videobroker.api.rendering.AlwaysJSON",
    "DATETIME_FORMAT": "%Y-%m-%dT%H:%M:%S.%fZ",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "videobroker",
    "VERSION": "2",
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PUBLIC": True,
    "COMPONENT_SPLIT_REQUEST": True,
    "SCHEMA_PATH_PREFIX": "/v2",
    "SERVE_AUTHENTICATION": [],
    "ENUM_NAME_OVERRIDES": {
        "OperationStateEnum": "rooms.models.operation.Operation.State",
        "OperationKindEnum": "rooms.models.operation.Operation.Kind",
        "DeliveryStateEnum": "rooms.models.delivery.Delivery.State",
        "FootageStateEnum": "rooms.models.footage.Footage.State",
        "DeletionStateEnum": "rooms.models.deletion.Deletion.State",
        "DeletionKindEnum": "rooms.models.deletion.Deletion.Kind",
        "ErasureStateEnum": "rooms.models.erasure.Erasure.State",
    },
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVERS": [{"url": "/"}],
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "videobroker.api.document.completed",
    ],
}

# --- Celery: wakes, never remembers (docs/decisions/0003-operations-are-rows.md) ---------------------------

CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_PUBLISH_RETRY = False  # a wake-up that cannot be sent is not worth a caller's time
CELERY_BROKER_CONNECTION_TIMEOUT = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_TRANSPORT_OPTIONS = (
    {"socket_connect_timeout": 1, "socket_timeout": 5, "visibility_timeout": 120}
    if CELERY_BROKER_URL.startswith("redis")
    else {}
)
CELERY_TIMEZONE = "UTC"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_BEAT_SCHEDULE: dict[str, dict[str, object]] = {
    "sweep": {"task": "rooms.tasks.sweep", "schedule": 5.0},
    "purge": {"task": "rooms.tasks.purge", "schedule": 60.0},
    "tidy rooms": {"task": "rooms.tasks.tidy", "schedule": 60.0},
    "tidy tokens": {"task": "tokens.tasks.tidy", "schedule": 600.0},
}

# --- Logs -------------------------------------------------------------------------------------------------

# `json` for machines, `text` for people at a terminal.
LOG_FORMAT = env.str("LOG_FORMAT", default="text" if sys.stderr.isatty() else "json")
LOG_LEVEL = env.str("LOG_LEVEL", default="INFO")
LOGGING_CONFIG = None
logging_config(LOG_FORMAT, LOG_LEVEL)
