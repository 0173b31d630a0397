"""huggingface_hub with default settings: large files go and come by Xet, without being asked to."""

import json
import os
import random
import subprocess
import sys
from pathlib import Path

from souk.apps.container import Container
from souk.infra.postgres.scope import SYSTEM
from tests.delivery.xet.clients import Publisher

_SCRIPT = """
import json, sys
from huggingface_hub import HfApi, hf_hub_download
said = json.load(sys.stdin)
api = HfApi()
api.upload_file(path_or_fileobj=said["path"], path_in_repo="model.safetensors", repo_id=said["repo"])
info = api.get_paths_info(said["repo"], ["model.safetensors"])[0]
back = hf_hub_download(said["repo"], "model.safetensors")
print(json.dumps({"back": back, "xet_hash": info.xet_hash}))
"""


async def test_a_model_is_pushed_and_pulled_by_xet(
    inside: Container, ada: Publisher, base_url: str, tmp_path: Path
) -> None:
    header = b'{"w":{"dtype":"U8","shape":[12000000],"data_offsets":[0,12000000]}}'
    body = random.Random("hub").randbytes(12_000_000)
    path = tmp_path / "model.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header + body)
    key = ada.client.api_keys.create(name="hub").key
    listing = ada.client.listings.get(ada.listing_id)
    environ = {
        **{name: value for name, value in os.environ.items() if not name.startswith("HF_")},
        "HF_ENDPOINT": base_url,
        "HF_TOKEN": key,
        "HF_HOME": str(tmp_path / "home"),
    }
    said = {"path": str(path), "repo": listing.address}
    ended = subprocess.run(
        [sys.executable, "-c", _SCRIPT],
        input=json.dumps(said),
        env=environ,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    answer = json.loads(ended.stdout.splitlines()[-1])
    assert Path(answer["back"]).read_bytes() == path.read_bytes()
    async with inside.core.database.transaction(SYSTEM, read_only=True) as uow:
        assert (
            await uow.value(
                "SELECT size_bytes FROM xet.files WHERE hash = %(hash)s", hash=answer["xet_hash"]
            )
            == path.stat().st_size
        )
