import { icon } from "../icons";
import { bytes } from "../words";
import type { Artifact } from "./transfer";

/** One file in the list: name, progress, and when it is done the hidden fields of the form. */
export class UploadRow {
  readonly element = document.createElement("li");
  private readonly bar = document.createElement("progress");
  private readonly note = document.createElement("span");
  private readonly fields = document.createElement("span");
  private readonly actions = document.createElement("span");

  constructor(
    readonly path: string,
    readonly sizeBytes: number,
    onRemove: () => void,
  ) {
    const mark = document.createElement("span");
    mark.className = "file-icon";
    mark.append(icon("file"));
    const text = document.createElement("div");
    const name = document.createElement("div");
    name.className = "file-name";
    name.textContent = path;
    const meta = document.createElement("div");
    meta.className = "file-meta num";
    meta.setAttribute("aria-live", "polite");
    const size = document.createElement("span");
    size.textContent = bytes(sizeBytes);
    meta.append(size, this.note);
    text.append(name, meta);
    const remove = document.createElement("button");
    remove.type = "button";
    remove.className = "icon-btn";
    remove.setAttribute("aria-label", `Remove ${path}`);
    remove.append(icon("x"));
    remove.addEventListener("click", onRemove);
    this.actions.append(remove);
    this.bar.className = "bar";
    this.bar.max = Math.max(1, sizeBytes);
    this.bar.value = 0;
    this.bar.setAttribute("aria-label", `Progress of ${path}`);
    const extra = document.createElement("div");
    extra.className = "file-extra";
    extra.append(this.bar, this.fields);
    this.element.append(mark, text, this.actions, extra);
  }

  progress(words: string, doneBytes: number): void {
    this.bar.hidden = false;
    this.bar.value = doneBytes;
    const percent = Math.floor((100 * doneBytes) / Math.max(1, this.sizeBytes));
    this.note.textContent = `${words} ${percent} %`;
  }

  scanning(): void {
    this.bar.hidden = true;
    this.note.className = "status tone-info";
    this.note.textContent = "Being scanned";
  }

  fail(words: string, onRetry: () => void): void {
    this.bar.dataset["state"] = "failed";
    this.note.className = "field-error";
    this.note.textContent = words;
    const retry = document.createElement("button");
    retry.type = "button";
    retry.className = "icon-btn";
    retry.setAttribute("aria-label", `Try ${this.path} again`);
    retry.append(icon("rotate-ccw"));
    retry.addEventListener("click", () => {
      retry.remove();
      delete this.bar.dataset["state"];
      this.note.className = "";
      onRetry();
    });
    this.actions.prepend(retry);
  }

  /** Shows what the scan said; only a file that is not quarantined joins the form. */
  finish(artifact: Artifact): void {
    this.bar.hidden = true;
    const { state, format, reasons } = artifact.scan;
    if (state === "quarantined") {
      this.note.className = "field-error";
      this.note.textContent = `Not safe to publish: ${reasons.join("; ") || "the scan refused it"}`;
      return;
    }
    this.note.className = state === "clean" ? "status tone-success" : "status tone-warning";
    const words = state === "clean" ? "Scanned, clean" : "Uploaded, being scanned";
    this.note.textContent = format ? `${words} · ${format}` : words;
    this.fields.replaceChildren(
      hidden("path", this.path),
      hidden("sha256", artifact.sha256),
    );
  }
}

function hidden(name: string, value: string): HTMLInputElement {
  const input = document.createElement("input");
  input.type = "hidden";
  input.name = name;
  input.value = value;
  return input;
}
