/** Small helps in forms: submit on change, no second submit, names to addresses, show a password. */
export function startForms(): void {
  document.addEventListener("change", (event) => {
    const control = event.target as HTMLElement;
    if (control.matches("[data-submit-on-change]")) {
      (control as HTMLSelectElement).form?.requestSubmit();
    }
  });
  document.addEventListener("submit", (event) => {
    const form = event.target as HTMLFormElement;
    if (event.defaultPrevented || form.method !== "post" || form.hasAttribute("hx-post")) return;
    const button = (event as SubmitEvent).submitter as HTMLButtonElement | null;
    if (button) setTimeout(() => button.setAttribute("aria-disabled", "true"));
    if (form.dataset["sent"] !== undefined) event.preventDefault();
    form.dataset["sent"] = "";
  });
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll<HTMLFormElement>("form[data-sent]")) {
      delete form.dataset["sent"];
      form.querySelector("[aria-disabled]")?.removeAttribute("aria-disabled");
    }
  });
  document.addEventListener("input", (event) => {
    const source = event.target as HTMLInputElement;
    if (source.dataset["slugTo"]) fillSlug(source);
    else if (source.hasAttribute("data-slug")) source.dataset["edited"] = "";
  });
  document.addEventListener("click", (event) => {
    const button = (event.target as Element).closest<HTMLButtonElement>("button[data-reveal]");
    const input = button && document.getElementById(button.dataset["reveal"] ?? "");
    if (!button || !(input instanceof HTMLInputElement)) return;
    const show = input.type === "password";
    input.type = show ? "text" : "password";
    button.setAttribute("aria-pressed", String(show));
  });
}

function fillSlug(source: HTMLInputElement): void {
  const target = document.getElementById(source.dataset["slugTo"] ?? "");
  if (!(target instanceof HTMLInputElement) || target.dataset["edited"] !== undefined) return;
  target.value = source.value
    .normalize("NFKD")
    .replace(/[\u0300-\u036f]/g, "")
    .toLowerCase()
    .replace(/[^a-z0-9._]+/g, "-")
    .replace(/^[-._]+|[-._]+$/g, "")
    .slice(0, 96)
    .replace(/[-._]+$/, "");
}
