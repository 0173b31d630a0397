/** Hashes a file off the page's thread, in slices, and tells how far it is. */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";

export type HashMessage = { doneBytes: number } | { sha256: string } | { failed: string };
const SLICE_BYTES = 4 * 1024 * 1024;

self.addEventListener("message", (event: MessageEvent<File>) => {
  void hash(event.data);
});

async function hash(file: File): Promise<void> {
  try {
    const state = sha256.create();
    for (let start = 0; start < file.size; start += SLICE_BYTES) {
      const slice = file.slice(start, start + SLICE_BYTES);
      state.update(new Uint8Array(await slice.arrayBuffer()));
      post({ doneBytes: start + slice.size });
    }
    post({ sha256: bytesToHex(state.digest()) });
  } catch (error) {
    post({ failed: error instanceof Error ? error.message : String(error) });
  }
}

function post(message: HashMessage): void {
  self.postMessage(message);
}
