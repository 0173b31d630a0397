/** The files step of the publish wizard: choose or drop, hash in a worker, send in parallel parts. */
import { toast } from "../toasts";
import { hashFile } from "../upload/hash";
import { UploadRow } from "../upload/row";
import { awaitScan, sendFile, type Artifact, type Target } from "../upload/transfer";

interface Stored {
  path: string;
  artifact: Artifact;
}

/** The file's path inside the folder that was chosen; its name when it was chosen by itself. */
function insideFolder(file: File): string {
  return file.webkitRelativePath.split("/").slice(1).join("/") || file.name;
}

export function mount(root: HTMLElement): void {
  const inputs = root.querySelectorAll<HTMLInputElement>("input[type='file']");
  const zone = root.querySelector<HTMLElement>(".dropzone");
  const list = root.querySelector<HTMLElement>("[data-files]");
  const url = root.dataset["url"];
  const form = root.closest("form");
  if (inputs.length === 0 || !zone || !list || !url || !form) return;

  const artifactsUrl = root.dataset["artifactsUrl"] ?? "";
  const target: Target = { url, artifactsUrl, organisationId: root.dataset["organisation"] ?? null };
  const storeKey = `souk:files:${root.dataset["listing"] ?? ""}`;
  const rows = new Map<string, { row: UploadRow; artifact: Artifact | null }>();
  let running = 0;

  const remember = (): void => {
    const done: Stored[] = [];
    for (const [path, { artifact }] of rows) if (artifact) done.push({ path, artifact });
    sessionStorage.setItem(storeKey, JSON.stringify(done));
    list.hidden = rows.size === 0;
  };
  const add = (path: string, sizeBytes: number): UploadRow => {
    rows.get(path)?.row.element.remove();
    const row = new UploadRow(path, sizeBytes, () => {
      row.element.remove();
      if (rows.get(path)?.row === row) rows.delete(path);
      remember();
    });
    rows.set(path, { row, artifact: null });
    list.append(row.element);
    list.hidden = false;
    return row;
  };
  const send = async (file: File, row: UploadRow): Promise<void> => {
    running += 1;
    try {
      const sha256 = await hashFile(file, (done) => row.progress("Hashing", done));
      const sent = await sendFile(file, sha256, target, (bytes) =>
        row.progress("Uploading", bytes),
      );
      if (sent.scan.state === "pending") row.scanning();
      const artifact = await awaitScan(sent, target);
      row.finish(artifact);
      if (rows.get(row.path)?.row === row) rows.set(row.path, { row, artifact });
      remember();
    } catch (error) {
      const words = error instanceof Error ? error.message : String(error);
      row.fail(words, () => void send(file, row));
    } finally {
      running -= 1;
    }
  };
  const take = (files: Iterable<File>): void => {
    for (const file of files) {
      if (file.size === 0) {
        toast("error", "Empty file", `${file.name} has no content.`);
        continue;
      }
      const path = insideFolder(file);
      if (path.split("/").some((part) => part.startsWith("."))) continue;
      void send(file, add(path, file.size));
    }
  };

  for (const { path, artifact } of JSON.parse(sessionStorage.getItem(storeKey) ?? "[]") as Stored[]) {
    const row = add(path, artifact.size_bytes);
    row.finish(artifact);
    rows.set(path, { row, artifact });
  }
  for (const input of inputs) {
    input.addEventListener("change", () => {
      take([...(input.files ?? [])]);
      input.value = "";
    });
    // What was chosen before this script was there.
    if (input.files?.length) input.dispatchEvent(new Event("change"));
  }
  for (const name of ["dragover", "dragenter"]) {
    zone.addEventListener(name, (event) => {
      event.preventDefault();
      zone.classList.add("over");
    });
  }
  for (const name of ["dragleave", "drop"]) zone.addEventListener(name, () => zone.classList.remove("over"));
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    take([...(event.dataTransfer?.files ?? [])]);
  });
  form.addEventListener("submit", (event) => {
    if (running > 0) {
      event.preventDefault();
      event.stopImmediatePropagation();
      toast("info", "Still uploading", "Wait until every file is checked, then go on.");
    }
  });
  window.addEventListener("beforeunload", (event) => {
    if (running > 0) event.preventDefault();
  });
}
