"""The public key of SendGrid's event webhook, in whichever form it was copied."""

from __future__ import annotations

import base64

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
    load_pem_public_key,
)


def normal_key(text: str) -> str:
    """Return the key as SendGrid's settings show it: base64 of its DER form, in one line.

    Read are that, with or without its padding and line breaks, and PEM.

    Raises:
        ValueError: it is none of these, or no key of an elliptic curve.
    """
    try:
        key = load_pem_public_key(text.strip().encode()) if "-----BEGIN" in text else _from_base64(text)
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, EllipticCurvePublicKey):
        msg = "not a public key of SendGrid's event webhook: base64 or PEM of an elliptic curve's key"
        raise ValueError(msg)  # noqa: TRY004 - a wrong value, whatever is wrong with it
    return base64.b64encode(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


def _from_base64(text: str) -> object:
    bare = "".join(text.split()).rstrip("=")
    return load_der_public_key(base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True))
