"""Kinescope: what is secret (API page, sections 7 and 12), dropped before anything is written."""

from __future__ import annotations

SECRET_FIELDS = (
    # What opens a stream, a private video or somebody's account.
    "streamkey",
    "rtmp_link",
    "key",
    "password",
    "login",
    "link_hash",
    "privacy_share",
    "access_token",
    "jwt_secret",
    "basic_auth",
    "password_digest",
    "confirmation_token",
    "reset_password_token",
    # Signed links: they hold for an hour at most, and are asked for anew when needed.
    "poster_url",
    "download_link",
)
SECRET_PATHS = ("assets[].url", "subtitles[].url")
SIGNATURE = ("sign", "expires", "X-Amz-*")
"""Parameters of signed links; other links to these hosts have none."""
