/** Hearts: the page changes at once, and goes back with the reason when the marketplace refuses. */
import { readProblem, toast } from "../toasts";

const FORM = "favourite-form";
const NO_CONNECTION = {
  title: "No connection",
  detail: "The favourite was not changed. Try again.",
};

export function mount(form: HTMLElement): void {
  if (!(form instanceof HTMLFormElement)) return;
  document.addEventListener("submit", (event) => {
    const button = (event as SubmitEvent).submitter;
    if (event.target !== form || !(button instanceof HTMLButtonElement)) return;
    const signedIn = form.dataset["signedIn"] !== undefined;
    if (!signedIn && navigator.onLine) return; // leads to the sign-in page
    event.preventDefault();
    event.stopImmediatePropagation();
    if (signedIn) void toggle(form, button.value);
    else toast("error", NO_CONNECTION.title, NO_CONNECTION.detail);
  }, true);
}

async function toggle(form: HTMLFormElement, listing: string): Promise<void> {
  const button = heartsOf(listing)[0];
  if (!button || button.dataset["busy"] !== undefined) return;
  const wanted = button.getAttribute("aria-pressed") !== "true";
  const count = countsOf(listing)[0]?.textContent ?? "0";
  const body = new FormData(form);
  body.set(wanted ? "add" : "remove", listing);
  show(listing, wanted, Number(count.replace(/\D/g, "")) + (wanted ? 1 : -1), true);
  let problem = NO_CONNECTION;
  try {
    const answer = await fetch(form.action, {
      method: "POST",
      body: new URLSearchParams(body as unknown as Record<string, string>),
      headers: { accept: "application/json" },
    });
    const text = await answer.text();
    const type = answer.headers.get("content-type");
    if (answer.ok && type?.includes("json")) {
      const state = JSON.parse(text) as { favourite: boolean; favourites: number };
      show(listing, state.favourite, state.favourites, false);
      return;
    }
    problem = readProblem(answer.status, type, text);
  } catch {
    // The words above say what happened.
  }
  show(listing, !wanted, Number(count.replace(/\D/g, "")), false);
  toast("error", problem.title, problem.detail);
}

/** Every heart of a listing on the page: a work may stand in two rows. */
function show(listing: string, on: boolean, count: number, busy: boolean): void {
  for (const heart of heartsOf(listing)) {
    heart.setAttribute("aria-pressed", String(on));
    heart.name = on ? "remove" : "add";
    if (busy) heart.dataset["busy"] = "";
    else delete heart.dataset["busy"];
  }
  for (const element of countsOf(listing)) {
    element.textContent = Math.max(0, count).toLocaleString("en");
  }
}

function heartsOf(listing: string): HTMLButtonElement[] {
  const all = document.querySelectorAll<HTMLButtonElement>(`button[form="${FORM}"]`);
  return [...all].filter((button) => button.value === listing);
}

function countsOf(listing: string): HTMLElement[] {
  const all = document.querySelectorAll<HTMLElement>("[data-favourites-of]");
  return [...all].filter((element) => element.dataset["favouritesOf"] === listing);
}
