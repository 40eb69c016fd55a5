"""Settings of the tests: the real ones, in a data folder of their own."""

import atexit
import base64
import os
import shutil
import tempfile

_folder = os.environ.get("VIDEOBROKER_TEST_DATA_DIR")
if _folder is None:
    _folder = tempfile.mkdtemp(prefix="videobroker-tests-")
    atexit.register(shutil.rmtree, _folder, ignore_errors=True)
os.environ["DATA_DIR"] = _folder
os.environ.setdefault("SECRET_KEY", "a key for tests only, long enough to please the checks: 0123456789")
os.environ.setdefault("KEY_RING", "test:" + base64.b64encode(bytes(range(32))).decode())
os.environ.setdefault("LOG_LEVEL", "WARNING")
os.environ.setdefault("MINTS_PER_MINUTE_OF_IDENTITY", "100000")  # tests mint faster than people do
os.environ.pop("TELNYX_API_KEY", None)

from videobroker.settings import *  # noqa: E402, F403  after the environment it reads

# A slow hash protects people's passwords; the tests' have nothing to protect.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

# A test's database is gone with the test: a power cut may take it, so commits need not wait for the disk.
_options = DATABASES["default"]["OPTIONS"]  # noqa: F405
if "init_command" in _options:
    _options["init_command"] = _options["init_command"].replace("synchronous=FULL", "synchronous=OFF")
else:
    _options["options"] = "-c synchronous_commit=off"
