/** Shows a Markdown field as the listing page will show it, rendered and cleaned by the server. */
import { csrfToken } from "../requests";
import { readProblem, toast } from "../toasts";

export function mount(root: HTMLElement): void {
  const area = root.querySelector("textarea");
  const view = root.querySelector<HTMLElement>("[data-preview]");
  const buttons = [...root.querySelectorAll<HTMLButtonElement>("button[data-show]")];
  const url = root.dataset["url"];
  if (!area || !view || !url) return;
  const switcher = root.querySelector<HTMLElement>("[data-switch]");
  if (switcher) switcher.hidden = false;
  for (const button of buttons) {
    button.addEventListener("click", () => {
      const preview = button.dataset["show"] === "preview";
      for (const other of buttons) other.setAttribute("aria-pressed", String(other === button));
      area.hidden = preview;
      view.hidden = !preview;
      if (preview) void render(url, area.value, view);
    });
  }
}

async function render(url: string, text: string, view: HTMLElement): Promise<void> {
  view.textContent = "Rendering …";
  const answer = await fetch(url, {
    method: "POST",
    headers: { "x-csrf-token": csrfToken() },
    body: new URLSearchParams({ card: text }),
  });
  const body = await answer.text();
  if (answer.ok) {
    view.innerHTML = body;
    return;
  }
  const problem = readProblem(answer.status, answer.headers.get("content-type"), body);
  view.textContent = "";
  toast("error", problem.title, problem.detail);
}
