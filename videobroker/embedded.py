"""Secrets that an embedded installation makes for itself on its first start."""

import base64
import os
import secrets
from pathlib import Path


def secret_of(data_dir: Path, name: str) -> str:
    """The generated secret `name` kept in `data_dir`, made on first use, readable by the owner only.

    Several processes may start at once: the first to link its file into place wins, the others read it.
    """
    path = data_dir / name
    if not path.exists():
        data_dir.mkdir(parents=True, exist_ok=True)
        draft = data_dir / f".{name}.{os.getpid()}.{secrets.token_hex(4)}"
        draft.touch(mode=0o600)
        draft.write_text(_generate(name))
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text().strip()


def _generate(name: str) -> str:
    if name == "key_ring":
        return f"k1:{base64.b64encode(secrets.token_bytes(32)).decode()}"
    return secrets.token_urlsafe(48)  # Django wants a SECRET_KEY of at least 50 characters
