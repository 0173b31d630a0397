import HashWorker from "./hash.worker?worker";
import type { HashMessage } from "./hash.worker";

/** SHA-256 of a file, 64 hex digits. Rejects when the file cannot be read. */
export function hashFile(file: File, progress: (doneBytes: number) => void): Promise<string> {
  const worker = new HashWorker();
  return new Promise<string>((resolve, reject) => {
    worker.addEventListener("message", ({ data }: MessageEvent<HashMessage>) => {
      if ("doneBytes" in data) progress(data.doneBytes);
      else if ("sha256" in data) resolve(data.sha256);
      else reject(new Error(data.failed));
    });
    worker.addEventListener("error", (event) => reject(new Error(event.message || "hashing failed")));
    worker.postMessage(file);
  }).finally(() => worker.terminate());
}
