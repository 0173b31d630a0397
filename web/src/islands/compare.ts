/** The compare tray: buttons of cards change it without leaving the page. */
import { readProblem, toast } from "../toasts";

const FORM = "#compare-form";
const TOGGLES = "button[form='compare-form'][aria-pressed]";

/** The tray is a cookie: a change leaves with what the one before it was answered. */
let last: Promise<unknown> = Promise.resolve();

export function mount(holder: HTMLElement): void {
  holder.addEventListener("submit", (event) => {
    const form = event.target as HTMLFormElement;
    const button = (event as SubmitEvent).submitter as HTMLButtonElement | null;
    if (!form.matches(FORM) || !button) return;
    event.preventDefault();
    void change(holder, form, button);
  });
  // A page that the browser kept may show the tray of an hour ago.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) void refresh(holder);
  });
  document.body.addEventListener("htmx:afterSwap", () => sync(holder));
}

async function change(
  holder: HTMLElement,
  form: HTMLFormElement,
  button: HTMLButtonElement,
): Promise<void> {
  const fields = new FormData(form, button);
  const inside = holder.contains(button);
  press(button, button.name === "add");
  const { action } = form;
  const sent = last
    .then(() =>
      fetch(action, {
        method: "POST",
        body: new URLSearchParams([...fields].map(([name, value]) => [name, String(value)])),
        headers: { "hx-request": "true", accept: "text/html, application/problem+json" },
      }),
    )
    .catch(() => null);
  last = sent;
  const answer = await sent;
  if (!answer) toast("error", "No connection", "The marketplace could not be reached.");
  else if (answer.ok) return show(holder, await answer.text(), inside);
  else {
    const problem = readProblem(
      answer.status,
      answer.headers.get("content-type"),
      await answer.text(),
    );
    toast("error", problem.title, problem.detail);
  }
  sync(holder);
}

async function refresh(holder: HTMLElement): Promise<void> {
  const back = encodeURIComponent(location.pathname + location.search);
  const answer = await fetch(`/compare/tray?back=${back}`).catch(() => null);
  if (answer?.ok) show(holder, await answer.text(), false);
}

function show(holder: HTMLElement, html: string, focusInside: boolean): void {
  const fresh = document.createElement("template");
  fresh.innerHTML = html;
  holder.replaceChildren(fresh.content);
  sync(holder);
  // The button that was pressed is gone; the next thing to do is here.
  if (focusInside) holder.querySelector<HTMLElement>(`${FORM}:not([hidden]) .btn-primary`)?.focus();
}

/** Every button on the page says whether its work is in the tray. */
function sync(holder: HTMLElement): void {
  const form = holder.querySelector<HTMLFormElement>(FORM);
  const inTray = new Set((form?.dataset["compared"] ?? "").split(" "));
  for (const button of document.querySelectorAll<HTMLButtonElement>(TOGGLES)) {
    press(button, inTray.has(button.value));
  }
}

function press(button: HTMLButtonElement, pressed: boolean): void {
  if (!button.matches(TOGGLES)) return;
  button.name = pressed ? "remove" : "add";
  button.setAttribute("aria-pressed", String(pressed));
}
