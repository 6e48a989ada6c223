#!/usr/bin/env python3
"""Writes a stand-in for the app's image to ../image: a valid OCI layout of a few kilobytes, the same at every run.

It holds the app but no Python, so that it can be pushed, pulled and rehearsed with, but not run on a real cluster. For that, build
the image (see the README).
"""

import hashlib
import io
import json
import pathlib
import tarfile

HERE = pathlib.Path(__file__).resolve().parent
LAYOUT = HERE.parent / "image"


def blob(content: bytes, media_type: str) -> dict:
    digest = hashlib.sha256(content).hexdigest()
    path = LAYOUT / "blobs" / "sha256" / digest
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(content)}


def document(value: dict, media_type: str) -> dict:
    return blob(json.dumps(value, separators=(",", ":")).encode(), media_type)


def layer() -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name in ("main.py", "requirements.txt"):
            content = (HERE / name).read_bytes()
            entry = tarfile.TarInfo(f"app/{name}")
            entry.size, entry.mode = len(content), 0o644
            archive.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def main() -> None:
    content = layer()
    files = blob(content, "application/vnd.oci.image.layer.v1.tar")
    config = document(
        {
            "architecture": "amd64",
            "os": "linux",
            "config": {"Cmd": ["python", "/app/main.py"], "ExposedPorts": {"8080/tcp": {}}},
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(content).hexdigest()}"]},
        },
        "application/vnd.oci.image.config.v1+json",
    )
    manifest = document(
        {
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": config,
            "layers": [files],
        },
        "application/vnd.oci.image.manifest.v1+json",
    )
    manifest["annotations"] = {"org.opencontainers.image.ref.name": "v1"}
    manifest["platform"] = {"architecture": "amd64", "os": "linux"}
    index = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": [manifest],
    }
    (LAYOUT / "index.json").write_text(json.dumps(index, indent=2) + "\n")
    (LAYOUT / "oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}\n')


if __name__ == "__main__":
    main()
