"""Certificate authorities of the lab, made with openssl."""

import os
import pathlib
import ssl
import subprocess

_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]


class Authority:
    """A CA in `folder` and the certificates that it issued there."""

    def __init__(self, folder: pathlib.Path, name: str = "lab"):
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.certificate, self._key = folder, folder / f"{name}-ca.pem", folder / f"{name}-ca-key.pem"
        _openssl("req", "-x509", *_KEY, "-keyout", self._key, "-out", self.certificate, "-subj", f"/CN={name} CA", "-days", 2)

    def issue(self, name: str, *, days: int = 2, uid: int | None = None) -> tuple[pathlib.Path, pathlib.Path]:
        """(certificate, key) for 127.0.0.1, as server and as client; of `uid`. With days -1 it has expired."""
        certificate, key, request, extensions = (
            self.folder / f"{name}{end}" for end in (".pem", "-key.pem", ".csr", ".ext"))
        _openssl("req", *_KEY, "-keyout", key, "-out", request, "-subj", f"/CN={name}")
        extensions.write_text("subjectAltName=IP:127.0.0.1,DNS:localhost\nextendedKeyUsage=serverAuth,clientAuth\n")
        _openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self._key, "-days", days,
                 "-extfile", extensions, "-out", certificate)
        if uid is not None:
            os.chown(key, uid, uid)
        return certificate, key

    def client_context(self) -> ssl.SSLContext:
        """Trusts this CA and shows a certificate of it."""
        context = ssl.create_default_context(cafile=str(self.certificate))
        certificate, key = self.folder / "lab-client.pem", self.folder / "lab-client-key.pem"
        if not certificate.exists():
            self.issue("lab-client")
        context.load_cert_chain(certificate, key)
        return context


def _openssl(*words):
    subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True, timeout=30)
