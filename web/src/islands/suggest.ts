/** Suggestions under a search box: arrow keys choose, Enter takes, Escape closes (ARIA combobox). */
import { icon } from "../icons";

interface Suggestion {
  text: string;
  about: "words" | "listing" | "field" | "value";
  label: string | null;
  count: number | null;
  address: string | null;
  kind: string | null;
}
const WAIT_MS = 120;
const LEAST_LETTERS = 2;
const KEPT = 60;

export function mount(form: HTMLElement): void {
  const input = form.querySelector<HTMLInputElement>("input[type='search']");
  const url = form.dataset["suggestUrl"];
  if (!input || !url) return;
  const list = listbox(`${input.id}-suggestions`);
  const told = document.createElement("div");
  told.className = "sr-only";
  told.setAttribute("role", "status");
  form.append(list, told);
  input.setAttribute("role", "combobox");
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-controls", list.id);
  input.setAttribute("aria-expanded", "false");
  input.autocomplete = "off";

  const kept = new Map<string, Suggestion[]>();
  let timer = 0;
  let typed = "";
  let active = -1;
  let asking: AbortController | null = null;

  const options = (): HTMLAnchorElement[] => [...list.querySelectorAll("a")];
  const close = (): void => {
    asking?.abort();
    clearTimeout(timer);
    list.hidden = true;
    active = -1;
    told.textContent = "";
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };
  /** Marks an option; past either end the box itself is marked again, with what was typed. */
  const choose = (index: number): void => {
    const all = options();
    active = index < -1 ? all.length - 1 : index >= all.length ? -1 : index;
    all.forEach((one, at) => one.setAttribute("aria-selected", String(at === active)));
    const chosen = all[active];
    if (chosen) {
      input.setAttribute("aria-activedescendant", chosen.id);
      chosen.scrollIntoView({ block: "nearest" });
    } else input.removeAttribute("aria-activedescendant");
  };
  const take = (item: Suggestion): void => {
    if (item.address) return;
    input.value = item.text;
    close();
    if (item.about === "field") {
      input.focus();
      void ask();
    } else (form as HTMLFormElement).requestSubmit();
  };
  const draw = (items: Suggestion[]): void => {
    if (document.activeElement !== input || items.length === 0) return close();
    list.replaceChildren(
      ...items.map((item, at) => option(item, { id: `${list.id}-${at}`, typed, take })),
    );
    list.hidden = false;
    active = -1;
    input.setAttribute("aria-expanded", "true");
    input.removeAttribute("aria-activedescendant");
    told.textContent = items.length === 1 ? "1 suggestion" : `${items.length} suggestions`;
  };
  const ask = async (): Promise<void> => {
    typed = input.value;
    const words = typed.trim();
    if (words.length < LEAST_LETTERS) return close();
    const known = kept.get(typed);
    if (known) return draw(known);
    asking?.abort();
    asking = new AbortController();
    const asked = typed;
    const answer = await fetch(`${url}?q=${encodeURIComponent(asked)}`, {
      signal: asking.signal,
    }).catch(() => null);
    if (!answer?.ok || input.value !== asked) return;
    const { items } = (await answer.json()) as { items: Suggestion[] };
    if (kept.size >= KEPT) kept.clear();
    kept.set(asked, items);
    draw(items);
  };

  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = window.setTimeout(() => void ask(), WAIT_MS);
  });
  input.addEventListener("keydown", (event) => {
    if (event.isComposing || event.altKey || event.ctrlKey || event.metaKey) return;
    if (list.hidden) {
      if (event.key !== "ArrowDown") return;
      void ask();
    } else if (event.key === "ArrowDown") choose(active + 1);
    else if (event.key === "ArrowUp") choose(active - 1);
    else if (event.key === "Escape") close();
    else if (event.key === "Enter" && active >= 0) options()[active]?.click();
    else return;
    event.preventDefault();
  });
  // Words typed before this script arrived count too.
  if (document.activeElement === input && input.value !== input.defaultValue) void ask();
  form.addEventListener("submit", close);
  form.addEventListener("focusout", (event) => {
    if (!form.contains((event as FocusEvent).relatedTarget as Node | null)) close();
  });
}

function listbox(id: string): HTMLElement {
  const list = document.createElement("div");
  list.className = "suggest";
  list.id = id;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Suggestions");
  list.hidden = true;
  return list;
}

interface Drawn {
  id: string;
  typed: string;
  take: (item: Suggestion) => void;
}

function option(item: Suggestion, { id, typed, take }: Drawn): HTMLAnchorElement {
  const link = document.createElement("a");
  link.id = id;
  link.tabIndex = -1;
  link.href = item.address ? `/${item.address}` : `/search?q=${encodeURIComponent(item.text)}`;
  link.setAttribute("role", "option");
  link.setAttribute("aria-selected", "false");
  link.append(icon(item.address ? "file" : "search"), emphasised(item.label ?? item.text, typed));
  const aside = item.kind ?? (item.count === null ? "" : item.count.toLocaleString("en"));
  if (aside) {
    const small = document.createElement("small");
    small.textContent = aside;
    link.append(small);
  }
  // A pointer press must not take the focus from the box before the click opens the link.
  link.addEventListener("pointerdown", (event) => event.preventDefault());
  link.addEventListener("click", (event) => {
    if (item.address || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    take(item);
  });
  return link;
}

/** What the suggestion adds to what was typed stands out. */
function emphasised(text: string, typed: string): HTMLElement {
  const words = document.createElement("span");
  const same = text.toLowerCase().startsWith(typed.trim().toLowerCase());
  if (!same) {
    words.textContent = text;
    return words;
  }
  const rest = document.createElement("b");
  rest.textContent = text.slice(typed.trim().length);
  words.append(text.slice(0, typed.trim().length), rest);
  return words;
}
