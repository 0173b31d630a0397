/**
 * Sends a file in parallel parts. An upload that was cut off is found again by its hash and goes on
 * with the parts that are missing; every part is tried a few times before the file is given up.
 */
import { csrfToken } from "../requests";
import { readProblem } from "../toasts";

export interface Scan {
  state: "pending" | "clean" | "quarantined";
  format: string | null;
  reasons: string[];
}
export interface Artifact {
  sha256: string;
  size_bytes: number;
  scan: Scan;
}
interface Upload {
  id: string;
  part_size_bytes: number;
  part_count: number;
  parts_received: number[];
  state: "open" | "complete" | "expired";
  artifact: Artifact | null;
}
export interface Target {
  url: string;
  /** Where an artifact is asked about by its hash. */
  artifactsUrl: string;
  organisationId: string | null;
}

const PARALLEL_PARTS = 4;
const TRIES = 5;
const FIRST_PAUSE_MS = 400;
const SCAN_PAUSE_MS = 700;
const SCAN_PATIENCE_MS = 120_000;

export class UploadError extends Error {}

export async function sendFile(
  file: File,
  sha256: string,
  target: Target,
  progress: (sentBytes: number) => void,
): Promise<Artifact> {
  const upload = await openUpload(file, sha256, target);
  if (upload.artifact) return upload.artifact;
  const size = upload.part_size_bytes;
  const received = new Set(upload.parts_received);
  const missing: number[] = [];
  const sent = new Map<number, number>();
  for (let number = 1; number <= upload.part_count; number += 1) {
    if (received.has(number)) sent.set(number, Math.min(size, file.size - (number - 1) * size));
    else missing.push(number);
  }
  const report = (): void => progress([...sent.values()].reduce((sum, part) => sum + part, 0));
  report();
  const lane = async (): Promise<void> => {
    for (let number = missing.shift(); number !== undefined; number = missing.shift()) {
      const part = number;
      const body = file.slice((part - 1) * size, part * size);
      await patiently(() =>
        putPart(`${target.url}/${upload.id}/parts/${part}`, body, (bytes) => {
          sent.set(part, bytes);
          report();
        }),
      );
    }
  };
  await Promise.all(Array.from({ length: PARALLEL_PARTS }, lane));
  const artifact = await patiently(() =>
    json<Artifact>(`${target.url}/${upload.id}/complete`, { method: "POST" }),
  );
  localStorage.removeItem(storageKey(sha256));
  return artifact;
}

/** The artifact once its safety scan is over; as it is when that takes too long. */
export async function awaitScan(artifact: Artifact, target: Target): Promise<Artifact> {
  const until = Date.now() + SCAN_PATIENCE_MS;
  let current = artifact;
  while (current.scan.state === "pending" && Date.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, SCAN_PAUSE_MS));
    current = await patiently(() =>
      json<Artifact>(`${target.artifactsUrl}/${current.sha256}`, {}),
    );
  }
  return current;
}

async function openUpload(file: File, sha256: string, target: Target): Promise<Upload> {
  const known = localStorage.getItem(storageKey(sha256));
  if (known) {
    const upload = await json<Upload>(`${target.url}/${known}`, {}).catch(() => null);
    if (upload && upload.state !== "expired") return upload;
  }
  const body: Record<string, unknown> = { filename: file.name, size_bytes: file.size, sha256 };
  if (target.organisationId) body["organisation_id"] = target.organisationId;
  const upload = await patiently(() =>
    json<Upload>(target.url, {
      method: "POST",
      headers: { "content-type": "application/json", "idempotency-key": crypto.randomUUID() },
      body: JSON.stringify(body),
    }),
  );
  localStorage.setItem(storageKey(sha256), upload.id);
  return upload;
}

function storageKey(sha256: string): string {
  return `souk:upload:${sha256}`;
}

async function json<T>(url: string, init: RequestInit): Promise<T> {
  const headers = new Headers(init.headers);
  headers.set("accept", "application/json");
  headers.set("x-csrf-token", csrfToken());
  const answer = await fetch(url, { ...init, headers, credentials: "same-origin" });
  const text = await answer.text();
  if (!answer.ok) throw refusal(answer.status, answer.headers.get("content-type"), text);
  return JSON.parse(text) as T;
}

/** XMLHttpRequest, because fetch cannot tell how much of a body has been sent. */
function putPart(url: string, body: Blob, progress: (bytes: number) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("PUT", url);
    request.setRequestHeader("content-type", "application/octet-stream");
    request.setRequestHeader("x-csrf-token", csrfToken());
    request.upload.addEventListener("progress", (event) => progress(event.loaded));
    request.addEventListener("load", () => {
      if (request.status >= 200 && request.status < 300) {
        progress(body.size);
        resolve();
        return;
      }
      const type = request.getResponseHeader("content-type");
      reject(refusal(request.status, type, request.responseText));
    });
    request.addEventListener("error", () => reject(new Error("The connection was lost.")));
    request.send(body);
  });
}

/** A refusal (4xx) will not get better by asking again; a lost connection or a 5xx may. */
function refusal(status: number, contentType: string | null, body: string): Error {
  const { title, detail } = readProblem(status, contentType, body);
  const words = detail ? `${title}: ${detail}` : title;
  const passing = status >= 500 || status === 429 || status === 408;
  return passing ? new Error(words) : new UploadError(words);
}

async function patiently<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (error instanceof UploadError || attempt === TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, FIRST_PAUSE_MS * 2 ** (attempt - 1)));
    }
  }
}
