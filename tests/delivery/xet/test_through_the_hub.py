"""huggingface_hub with default settings: large files go and come by Xet, without being asked to."""

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import msgspec

from souk.apps.container import Container
from souk.infra.postgres.scope import SYSTEM
from tests.delivery.xet.clients import Publisher

_SCRIPT = """
import json, sys
from huggingface_hub import HfApi, hf_hub_download
said = json.load(sys.stdin)
api = HfApi()
name, repo = "model.safetensors", said["repo"]
api.upload_file(path_or_fileobj=said["path"], path_in_repo=name, repo_id=repo)
info = api.get_paths_info(repo, [name])[0]
back = hf_hub_download(repo, name)
print(json.dumps({"back": back, "xet_hash": info.xet_hash}))
"""


class Answer(msgspec.Struct, frozen=True):
    """Where the client has put what it fetched, and by which hash."""

    back: Path
    xet_hash: str


def push_and_pull(path: Path, repo: str, *, base_url: str, key: str) -> Answer:
    """Sends a file, and fetches it again into an empty cache."""
    environ = {
        **{name: value for name, value in os.environ.items() if not name.startswith("HF_")},
        "HF_ENDPOINT": base_url,
        "HF_TOKEN": key,
        "HF_HOME": str(path.parent / "home"),
    }
    ended = subprocess.run(
        [sys.executable, "-c", _SCRIPT],
        input=json.dumps({"path": str(path), "repo": repo}),
        env=environ,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    said = json.loads(ended.stdout.splitlines()[-1])
    return Answer(Path(said["back"]), said["xet_hash"])


async def test_a_model_is_pushed_and_pulled_by_xet(
    inside: Container, ada: Publisher, base_url: str, tmp_path: Path
) -> None:
    header = b'{"w":{"dtype":"U8","shape":[12000000],"data_offsets":[0,12000000]}}'
    body = random.Random("hub").randbytes(12_000_000)
    path = tmp_path / "model.safetensors"
    content = len(header).to_bytes(8, "little") + header + body
    path.write_bytes(content)
    key = ada.client.api_keys.create(name="hub").key
    listing = ada.client.listings.get(ada.listing_id)
    answer = push_and_pull(path, listing.address, base_url=base_url, key=key)
    assert answer.back.read_bytes() == content
    async with inside.core.database.transaction(SYSTEM, read_only=True) as uow:
        assert await uow.value(
            "SELECT size_bytes FROM xet.files WHERE hash = %(hash)s", hash=answer.xet_hash
        ) == len(content)
