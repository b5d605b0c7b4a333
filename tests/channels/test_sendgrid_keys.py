"""SendGrid's public key, in every form in which people copy it."""

from __future__ import annotations

import base64
import textwrap

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from channels.sendgrid.keys import normal_key
from tests.callbacks import KEY, PUBLIC_KEY

PEM = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
FORMS = {
    "as shown": PUBLIC_KEY,
    "without padding": PUBLIC_KEY.rstrip("="),
    "in lines": "\n".join(textwrap.wrap(PUBLIC_KEY, 40)) + "\n",
    "PEM": PEM,
    "PEM indented": textwrap.indent(PEM, "  ").replace("  -----", "-----"),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_every_form_is_read(form: str) -> None:
    """B26: base64 with and without padding, in lines, and PEM are the same key."""
    assert normal_key(form) == PUBLIC_KEY


@pytest.mark.parametrize(
    "wrong", ["no key", "AAAA", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", "SG.abc"]
)
def test_what_is_no_key_is_refused(wrong: str) -> None:
    """Not base64, not DER, not PEM."""
    with pytest.raises(ValueError, match="key"):
        normal_key(wrong)


def test_a_key_of_another_kind_is_refused() -> None:
    """An RSA key is well formed, and no key of SendGrid's."""
    other = rsa.generate_private_key(65_537, 2_048).public_key()
    der = other.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    with pytest.raises(ValueError, match="elliptic"):
        normal_key(base64.b64encode(der).decode())
