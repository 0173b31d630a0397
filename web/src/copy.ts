/** Buttons with data-copy put their text on the clipboard and say so. */
export function startCopyButtons(): void {
  document.addEventListener("click", (event) => {
    const button = (event.target as Element).closest<HTMLButtonElement>("button[data-copy]");
    if (button) void copy(button);
  });
}

async function copy(button: HTMLButtonElement): Promise<void> {
  const label = button.getAttribute("aria-label") ?? "Copy";
  try {
    await navigator.clipboard.writeText(button.dataset["copy"] ?? "");
  } catch {
    button.setAttribute("aria-label", "Copying was refused by the browser");
    return;
  }
  button.dataset["copied"] = "";
  button.setAttribute("aria-label", "Copied");
  const use = button.querySelector("use");
  const before = use?.getAttribute("href") ?? "";
  use?.setAttribute("href", "#i-check");
  setTimeout(() => {
    delete button.dataset["copied"];
    button.setAttribute("aria-label", label);
    use?.setAttribute("href", before);
  }, 1600);
}
