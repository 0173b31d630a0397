/** Short messages in the corner; errors come as problem details (RFC 9457). */
import { icon } from "./icons";

export type Tone = "success" | "error" | "info" | "warning";
const ICONS: Record<Tone, string> = {
  success: "circle-check",
  error: "circle-alert",
  info: "info",
  warning: "triangle-alert",
};
const SHOWN_MS = 7000;

export interface Problem {
  title: string;
  detail: string;
  code?: string;
  status?: number;
  errors?: { where: string; problem: string }[];
}

export function toast(tone: Tone, title: string, detail = ""): void {
  const box = document.getElementById("toasts");
  if (!box) return;
  const card = document.createElement("div");
  card.className = `toast-card tone-${tone}`;
  card.setAttribute("role", tone === "error" ? "alert" : "status");
  const text = document.createElement("div");
  const heading = document.createElement("strong");
  heading.textContent = title;
  text.append(heading);
  if (detail) {
    const body = document.createElement("p");
    body.textContent = detail;
    text.append(body);
  }
  const close = document.createElement("button");
  close.type = "button";
  close.className = "icon-btn";
  close.setAttribute("aria-label", "Dismiss");
  close.append(icon("x"));
  close.addEventListener("click", () => card.remove());
  card.append(icon(ICONS[tone]), text, close);
  box.append(card);
  if (tone !== "error") setTimeout(() => card.remove(), SHOWN_MS);
}

/** The problem in an answer, in words; an answer that is no problem document gets a plain one. */
export function readProblem(status: number, contentType: string | null, body: string): Problem {
  if (contentType?.includes("json")) {
    try {
      const problem = JSON.parse(body) as Partial<Problem>;
      if (problem.title) {
        return { ...problem, title: problem.title, detail: problem.detail ?? "", status };
      }
    } catch {
      // Not JSON after all: the plain words below say what is known.
    }
  }
  if (status === 429) {
    return { title: "Too many requests", detail: "Wait a moment, then try again.", status };
  }
  return {
    title: "That did not work",
    detail: `The marketplace answered ${status}. Try again; nothing was changed halfway.`,
    status,
  };
}

export function startToasts(): void {
  document.body.addEventListener("htmx:responseError", (event) => {
    const { xhr } = (event as CustomEvent<{ xhr: XMLHttpRequest }>).detail;
    const problem = readProblem(
      xhr.status,
      xhr.getResponseHeader("content-type"),
      xhr.responseText,
    );
    toast("error", problem.title, problem.detail);
  });
  document.body.addEventListener("htmx:sendError", () => {
    toast("error", "No connection", "The marketplace could not be reached. Check the network.");
  });
  document.body.addEventListener("souk:toast", (event) => {
    const { tone, title, detail } = (
      event as CustomEvent<{ tone: Tone; title: string; detail?: string }>
    ).detail;
    toast(tone, title, detail);
  });
  window.addEventListener("online", () => toast("success", "Back online"));
}
