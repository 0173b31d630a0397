/** Suggestions under a search box: arrow keys choose, Enter opens, Escape closes. */
interface Suggestion {
  text: string;
  address: string | null;
  kind: string | null;
}
const WAIT_MS = 120;

export function mount(form: HTMLElement): void {
  const input = form.querySelector<HTMLInputElement>("input[type='search']");
  const url = form.dataset["suggestUrl"];
  if (!input || !url) return;
  const list = document.createElement("div");
  list.className = "suggest";
  list.id = `${input.id}-suggestions`;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Suggestions");
  list.hidden = true;
  form.append(list);
  input.setAttribute("role", "combobox");
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-controls", list.id);
  input.setAttribute("aria-expanded", "false");
  input.autocomplete = "off";

  let timer = 0;
  let asked = "";
  let active = -1;
  const close = (): void => {
    list.hidden = true;
    active = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };
  const choose = (index: number): void => {
    const options = [...list.querySelectorAll("a")];
    active = options.length ? (index + options.length) % options.length : -1;
    options.forEach((option, at) => option.setAttribute("aria-selected", String(at === active)));
    const chosen = options[active];
    if (chosen) input.setAttribute("aria-activedescendant", chosen.id);
  };
  const ask = async (): Promise<void> => {
    const words = input.value.trim();
    asked = words;
    if (words.length < 2) return close();
    const answer = await fetch(`${url}?q=${encodeURIComponent(words)}`).catch(() => null);
    if (!answer?.ok || asked !== words) return;
    const { items } = (await answer.json()) as { items: Suggestion[] };
    if (document.activeElement !== input || items.length === 0) return close();
    list.replaceChildren(...items.map((item, at) => option(item, `${list.id}-${at}`)));
    list.hidden = false;
    active = -1;
    input.setAttribute("aria-expanded", "true");
  };
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = window.setTimeout(() => void ask(), WAIT_MS);
  });
  input.addEventListener("keydown", (event) => {
    if (list.hidden) return;
    if (event.key === "ArrowDown") choose(active + 1);
    else if (event.key === "ArrowUp") choose(active - 1);
    else if (event.key === "Escape") close();
    else if (event.key === "Enter" && active >= 0) list.querySelectorAll("a")[active]?.click();
    else return;
    event.preventDefault();
  });
  // Words typed before this script arrived count too.
  if (document.activeElement === input && input.value !== input.defaultValue) void ask();
  form.addEventListener("focusout", (event) => {
    if (!form.contains((event as FocusEvent).relatedTarget as Node | null)) close();
  });
}

function option(item: Suggestion, id: string): HTMLAnchorElement {
  const link = document.createElement("a");
  link.id = id;
  link.tabIndex = -1;
  link.href = item.address ? `/${item.address}` : `/search?q=${encodeURIComponent(item.text)}`;
  link.setAttribute("role", "option");
  link.setAttribute("aria-selected", "false");
  const text = document.createElement("span");
  text.textContent = item.text;
  link.append(text);
  if (item.kind) {
    const kind = document.createElement("small");
    kind.className = "faint ml-auto";
    kind.textContent = item.kind;
    link.append(kind);
  }
  // A pointer press must not take the focus from the box before the click opens the link.
  link.addEventListener("pointerdown", (event) => event.preventDefault());
  return link;
}
