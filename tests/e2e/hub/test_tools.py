"""transformers, datasets and the command `hf`, unchanged."""

from pathlib import Path

import pytest

from tests.e2e.hub.clients import LIMIT_S, hf, run
from tests.e2e.hub.conftest import Person

pytestmark = pytest.mark.timeout(LIMIT_S)

TRANSFORMERS = """
from transformers import AutoConfig, AutoTokenizer, BertConfig, PreTrainedTokenizerFast
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
words = Tokenizer(models.WordLevel(unk_token="[UNK]"))
words.pre_tokenizer = pre_tokenizers.Whitespace()
words.train_from_iterator(["a tiny model made in a test"],
                          trainers.WordLevelTrainer(special_tokens=["[UNK]"]))
tokenizer = PreTrainedTokenizerFast(tokenizer_object=words, unk_token="[UNK]")
tokenizer.push_to_hub(repo)
BertConfig(hidden_size=8, num_attention_heads=2, num_hidden_layers=1).push_to_hub(repo)
told["same"] = AutoTokenizer.from_pretrained(repo)("a tiny cat") == tokenizer("a tiny cat")
told["hidden"] = AutoConfig.from_pretrained(repo).hidden_size
import numpy as np
from safetensors.numpy import save
weights = {"w": np.ones((3, 4), np.float32), "b": np.zeros(4, np.float16)}
api.upload_file(repo_id=repo, path_in_repo="model.safetensors", path_or_fileobj=save(weights))
told["counted"] = api.model_info(repo).safetensors.parameters
told["read"] = api.get_safetensors_metadata(repo).parameter_count
from safetensors.numpy import load_file
from transformers.utils import cached_file
there = load_file(cached_file(repo, "model.safetensors"))
told["weights"] = sorted(there) == sorted(weights) and all(
    there[name].dtype == weights[name].dtype and (there[name] == weights[name]).all()
    for name in weights)
"""

DATASETS = """
import datasets
datasets.Dataset.from_dict({"x": [1, 2, 3], "y": ["a", "b", "c"]}).push_to_hub(repo)
told["rows"] = datasets.load_dataset(repo, split="train").to_dict()
(folder / "more").mkdir()
(folder / "more" / "test.csv").write_text("x,y\\n4,d\\n")
api.create_repo(repo + "-csv", repo_type="dataset")
api.upload_folder(repo_id=repo + "-csv", folder_path=folder / "more", repo_type="dataset")
told["csv"] = datasets.load_dataset(repo + "-csv", split="test").to_dict()
"""


def test_transformers_push_and_load(base_url: str, seller: Person, tmp_path: Path) -> None:
    """Without torch: tokenizers and configurations; weights as safetensors."""
    told = run(
        TRANSFORMERS,
        base_url=base_url,
        key=seller.key,
        folder=tmp_path,
        repo=f"{seller.handle}/tiny",
    )
    assert told["same"]
    assert told["hidden"] == 8
    assert told["weights"]
    assert told["counted"] == told["read"] == {"F32": 12, "F16": 4}


def test_datasets_push_and_load(base_url: str, seller: Person, tmp_path: Path) -> None:
    told = run(
        DATASETS,
        base_url=base_url,
        key=seller.key,
        folder=tmp_path,
        repo=f"{seller.handle}/rows",
    )
    assert told["rows"] == {"x": [1, 2, 3], "y": ["a", "b", "c"]}
    assert told["csv"] == {"x": [4], "y": ["d"]}


def test_the_command_uploads_and_downloads(base_url: str, seller: Person, tmp_path: Path) -> None:
    repo = f"{seller.handle}/by-command"
    (tmp_path / "notes.txt").write_text("by hand\n")

    def command(*words: str) -> str:
        return hf(*words, base_url=base_url, key=seller.key, folder=tmp_path)

    assert seller.handle in command("auth", "whoami")
    command("repos", "create", repo)
    command("upload", repo, "notes.txt", "notes.txt")
    command("repos", "tag", "create", repo, "1.0.0")
    assert "1.0.0" in command("repos", "tag", "list", repo)
    command("download", repo, "notes.txt", "--revision", "1.0.0", "--local-dir", "there")
    assert (tmp_path / "there" / "notes.txt").read_text() == "by hand\n"
    assert repo in command("models", "ls", "--author", seller.handle, "--format", "json")
