/** A bar that stays for as long as what the page shows may be old. */
import { icon } from "./icons";

let bar: HTMLElement | null = null;
let streamLost = false;

function show(): void {
  const text = !navigator.onLine
    ? "You are offline. What you see may be old; changes wait for the network."
    : streamLost
      ? "The connection is lost. What you see may be old; trying again."
      : "";
  if (!text) {
    bar?.remove();
    bar = null;
    return;
  }
  if (!bar) {
    bar = document.createElement("div");
    bar.className = "offline-bar";
    bar.setAttribute("role", "status");
    bar.append(icon("wifi-off"), document.createElement("span"));
    document.body.append(bar);
  }
  const words = bar.querySelector("span");
  if (words && words.textContent !== text) words.textContent = text;
}

/** The stream of live messages is interrupted. */
export function lost(): void {
  streamLost = true;
  show();
}

/** It goes on, and nothing was missed. */
export function restored(): void {
  if (!streamLost) return;
  streamLost = false;
  show();
}

export function startConnection(): void {
  window.addEventListener("offline", show);
  window.addEventListener("online", show);
  if (!navigator.onLine) show();
}
