"""What the buyer now owns: a licence, a provenance entry, the files, and proofs of it all."""

import hashlib
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
import onnxruntime
from numpy.typing import NDArray
from rich.panel import Panel

from souk.apps.demo import pictures
from souk.apps.demo.mp import Mp
from souk.apps.demo.stage import Stage
from souk.apps.demo.story import Person, Story
from souk_client.contracts.commerce import Order
from souk_client.contracts.rights import InclusionProof
from souk_client.contracts.works import Listing
from souk_client.sdk import SoukApiError
from souk_client.sdk.progress import Progress

MODEL: Final = "model.onnx"
PROOF_PATIENCE_S: Final = 5.0
WRONG: Final = 7
"""The exit code of `mp verify` when something is not what it claims to be."""


class Unplugged(Exception):
    """The download was cut off, on purpose."""


def see_rights(story: Story, buyer: Person, order: Order) -> None:
    """The licence and the log's entry of the sale, and the proof that the log holds it."""
    licence = buyer.souk.licences.get(order.licence_id)
    proof, waited_s = _proof(buyer, order.provenance_entry_id)
    story.stage.show(
        pictures.facts(
            "Licence and provenance",
            {
                "licence": f"{licence.id}: {licence.terms.kind}, {licence.state}",
                "licensee": licence.licensee.name,
                "entry": f"{proof.entry.id}: {proof.entry.kind}",
                "leaf": f"{proof.leaf_index} of {proof.head.tree_size}",
                "audit path": ", ".join(digest[:12] + "…" for digest in proof.path),
                "signed head": proof.head.root_hash,
            },
        )
    )
    story.stage.equal("the licence is active", licence.state, "active")
    story.stage.equal("the log says it was sold", proof.entry.kind, "sold")
    story.stage.check(f"proof and signed head after {waited_s:.2f} s", waited_s < 2, seen=waited_s)


def download(story: Story, buyer: Person, bought: Listing) -> Path:
    """Starts the download, loses the connection half way, and goes on with `mp download`."""
    folder = buyer.mp.home / bought.slug
    size_bytes = {file.path: file.size_bytes for file in bought.versions[0].files}[MODEL]

    def unplug(progress: Progress) -> None:
        if progress.path == MODEL and progress.done_bytes > size_bytes // 3:
            raise Unplugged

    licence = buyer.souk.licences.list().items[0]
    with suppress(Unplugged):
        buyer.souk.download(licence.id, folder, only=[MODEL], on_progress=unplug)
    have_bytes = sum(part.stat().st_size for part in folder.glob("*.part"))
    story.stage.check(
        f"the connection broke after {have_bytes:,} of {size_bytes:,} bytes",
        0 < have_bytes < size_bytes,
        seen=have_bytes,
    )
    ran = buyer.mp.run("download", bought.address, "--to", str(folder), "--json")
    story.stage.check("`mp download` finishes it", ran.code == 0, seen=ran.noted or ran.said)
    received = {file["path"]: file["received_bytes"] for file in ran.answer["download"]["files"]}
    story.stage.equal("only the missing bytes were sent", received[MODEL], size_bytes - have_bytes)
    expected = {file.path: file.sha256 for file in bought.versions[0].files}
    found = {path: hashlib.sha256((folder / path).read_bytes()).hexdigest() for path in expected}
    story.stage.equal("every file has the hash it was published with", found, expected)
    story.stage.show(
        pictures.facts(
            "The folder", {path.name: f"{path.stat().st_size:,} bytes" for path in _files(folder)}
        )
    )
    return folder


def use(story: Story, folder: Path) -> None:
    """Runs the model that was bought on the example that came with it."""
    session = onnxruntime.InferenceSession(str(folder / MODEL), providers=["CPUExecutionProvider"])
    example = msgspec.json.decode((folder / "example.json").read_bytes())
    rows = np.array(example["input"], dtype=np.float32)
    (labels,) = session.run(["label"], {"input": rows})
    story.stage.show(_digit(rows[0], labels[0]))
    story.stage.equal(
        "the bought model answers as its card says", labels.tolist(), example["label"]
    )


def verify_offline(stage: Stage, mp: Mp, folder: Path) -> None:
    """`mp verify` with no marketplace left to ask; and again after one bit was turned."""
    ran = mp.run("verify", str(folder))
    stage.show(ran.picture())
    stage.check(
        "files, licence and proof hold with no server", ran.code == 0, seen=ran.noted or ran.said
    )
    model = folder / MODEL
    content = bytearray(model.read_bytes())
    content[len(content) // 2] ^= 1
    model.write_bytes(content)
    ran = mp.run("verify", str(folder))
    stage.equal("one turned bit in the model is found", ran.code, WRONG)


def _proof(buyer: Person, entry_id: str) -> tuple[InclusionProof, float]:
    """The proof, and how long it took to be there (the sequencer works within a second)."""
    started = time.perf_counter()
    while True:
        try:
            proof = buyer.souk.provenance.proof(entry_id)
            return proof, time.perf_counter() - started
        except SoukApiError as error:
            late = time.perf_counter() - started > PROOF_PATIENCE_S
            if error.code != "proof_pending" or late:
                raise
            time.sleep(0.05)


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_file())


def _digit(row: NDArray[np.float32], label: int) -> Panel:
    shades = " ░▒▓█"
    lines = [
        "".join(shades[round(float(ink) / 16 * 4)] * 2 for ink in row[start : start + 8])
        for start in range(0, 64, 8)
    ]
    return pictures.facts(f"The model reads {label}", {"": "\n".join(lines)})
