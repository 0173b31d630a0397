/**
 * What the page shows stays true: one stream of a tab tells which parts have changed.
 *
 * An element with data-live="listing:{id} user:{id}" gets the event `live` when something is said on
 * one of its channels (only of the kinds in data-live-kinds, where that is given), and renews itself
 * with hx-trigger="live". The stream goes on behind the last position that was heard, so neither a
 * lost connection nor a hidden tab misses anything; when the server keeps it no more, all is renewed.
 */
import { lost, restored } from "../connection";

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;
const TELL_AFTER_MS = 4000;
const HIDDEN_PAUSE_MS = 5000;
const GATHER_MS = 120;
const MOST_CHANNELS = 50;

interface Said {
  channel: string;
  kind: string;
  data: Record<string, unknown>;
}

let stream: EventSource | null = null;
let channels = "";
let position = document.querySelector<HTMLMetaElement>("meta[name='live-after']")?.content ?? "";
let failures = 0;
let ended = false;
let retryTimer = 0;
let tellTimer = 0;
let pauseTimer = 0;
const waiting = new Map<HTMLElement, Said | null>();
let gatherTimer = 0;

const watchers = (): HTMLElement[] => [
  ...document.querySelectorAll<HTMLElement>("[data-live]"),
];

function wanted(): string {
  const names = new Set<string>();
  for (const element of watchers()) {
    for (const name of words(element.dataset["live"])) names.add(name);
  }
  return [...names].sort().slice(0, MOST_CHANNELS).join(",");
}

/** Listens to what the elements of the page ask for; called again when there are new ones. */
export function watch(): void {
  const now = wanted();
  if (now === channels || ended) return;
  channels = now;
  close();
  if (channels && !document.hidden) open();
}

function open(): void {
  clearTimeout(retryTimer);
  const query = new URLSearchParams({ channels });
  if (position) query.set("after", position);
  const source = new EventSource(`/api/v1/live?${query}`);
  stream = source;
  const heard = (event: MessageEvent): void => {
    if (event.lastEventId) position = event.lastEventId;
    failures = 0;
    clearTimeout(tellTimer);
    tellTimer = 0;
    document.documentElement.dataset["liveOn"] = "";
    restored();
  };
  source.addEventListener("beat", heard);
  source.addEventListener("message", (event) => {
    heard(event);
    renew(JSON.parse(event.data as string) as Said);
  });
  source.addEventListener("reset", (event) => {
    heard(event as MessageEvent);
    for (const element of watchers()) gather(element, null);
  });
  source.addEventListener("resume", () => {
    close();
    open();
  });
  source.addEventListener("end", () => {
    ended = true;
    close();
  });
  source.addEventListener("error", () => {
    if (stream === source) again();
  });
}

function close(): void {
  clearTimeout(retryTimer);
  stream?.close();
  stream = null;
  delete document.documentElement.dataset["liveOn"];
}

/** Comes back later, each time later, and at different moments for different visitors. */
function again(): void {
  close();
  const longest = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** failures);
  failures += 1;
  if (!tellTimer) tellTimer = window.setTimeout(lost, TELL_AFTER_MS);
  retryTimer = window.setTimeout(open, longest * (0.5 + Math.random() / 2));
}

function renew(said: Said): void {
  for (const element of watchers()) {
    const kinds = words(element.dataset["liveKinds"]);
    const concerned = words(element.dataset["live"]).includes(said.channel);
    if (concerned && (kinds.length === 0 || kinds.includes(said.kind))) gather(element, said);
  }
}

/** Several messages in a row renew an element once. */
function gather(element: HTMLElement, said: Said | null): void {
  waiting.set(element, said);
  if (gatherTimer) return;
  gatherTimer = window.setTimeout(() => {
    gatherTimer = 0;
    for (const [renewed, detail] of waiting) {
      renewed.dispatchEvent(new CustomEvent("live", { detail }));
    }
    waiting.clear();
  }, GATHER_MS);
}

const words = (text: string | undefined): string[] => (text ?? "").split(/\s+/).filter(Boolean);

document.addEventListener("visibilitychange", () => {
  clearTimeout(pauseTimer);
  if (document.hidden) {
    pauseTimer = window.setTimeout(() => {
      clearTimeout(tellTimer);
      tellTimer = 0;
      close();
    }, HIDDEN_PAUSE_MS);
  } else if (!stream && channels && !ended) {
    failures = 0;
    open();
  }
});
window.addEventListener("online", () => {
  if (!channels || ended || document.hidden) return;
  failures = 0;
  close();
  open();
});
window.addEventListener("pagehide", close);
window.addEventListener("pageshow", (event) => {
  if (event.persisted && channels && !ended) open();
});
