"""Faust's credentials from our settings."""

import ssl

from faust.auth import Credentials, SASLCredentials, SSLCredentials

from streams.foundation.settings import StreamSettings


def faust_credentials(settings: StreamSettings) -> Credentials | None:
    """Return how Faust's consumer logs in to Kafka; None for plaintext without login."""
    encrypted = settings.security_protocol in ("SSL", "SASL_SSL")
    context = _ssl_context(settings) if encrypted else None
    if settings.security_protocol.startswith("SASL"):
        return SASLCredentials(
            username=settings.sasl_username,
            password=settings.sasl_password.get_secret_value(),
            mechanism=settings.sasl_mechanism or None,
            ssl_context=context,
        )
    return SSLCredentials(context) if context else None


def _ssl_context(settings: StreamSettings) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=settings.ssl_ca_location)
    if settings.ssl_certificate_location:
        context.load_cert_chain(
            settings.ssl_certificate_location,
            settings.ssl_key_location,
            settings.ssl_key_password.get_secret_value() or None,
        )
    return context
