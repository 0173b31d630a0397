/** The search page: filters answer at once, folds and focus outlive an answer, a phone gets a drawer. */
const FORM = "#filters";
const FOLDS = "details[data-fold]";
const PHONE = window.matchMedia("(width < 62rem)");

export function mount(page: HTMLElement): void {
  const folds = new Map<string, boolean>();
  let panelTop = 0;

  // What was folded, and how far the panel was scrolled, is not the server's to know.
  document.body.addEventListener("htmx:beforeSwap", () => {
    for (const fold of page.querySelectorAll<HTMLDetailsElement>(FOLDS)) {
      folds.set(fold.dataset["fold"] ?? "", fold.open);
    }
    panelTop = page.querySelector(FORM)?.scrollTop ?? 0;
  });
  document.body.addEventListener("htmx:afterSwap", () => {
    for (const fold of page.querySelectorAll<HTMLDetailsElement>(FOLDS)) {
      const open = folds.get(fold.dataset["fold"] ?? "");
      if (open !== undefined) fold.open = open;
    }
    page.querySelector(FORM)?.scrollTo({ top: panelTop });
    holdBehind(page);
    tellBoxes(page);
  });

  startRanges(page);
  startDrawer(page);
  startBoxes(page);
  startOffline(page);
  tellBoxes(page);
}

/** A range has choices and two boxes of its own: using one lets go of the other. */
function startRanges(page: HTMLElement): void {
  page.addEventListener("input", (event) => {
    const own = (event.target as HTMLElement).dataset["own"];
    const radio = own && document.getElementById(`f-${own}-own`);
    if (radio instanceof HTMLInputElement) radio.checked = true;
  });
  page.addEventListener("focusin", (event) => {
    const input = event.target as HTMLElement;
    if (input.matches("input[type='radio'][value='own']")) {
      input.closest("li")?.querySelector<HTMLInputElement>("[data-own]")?.focus();
    }
  });
  // The two boxes are one value: nothing is asked for on the way from one to the other.
  page.addEventListener("focusout", (event) => {
    const box = event.target as HTMLInputElement;
    const ends = box.closest(".facet-ends");
    if (!ends || ends.contains(event.relatedTarget as Node | null)) return;
    const boxes = [...ends.querySelectorAll<HTMLInputElement>("[data-own]")];
    // A box that an answer takes from the page loses the focus too: it has nothing more to ask.
    setTimeout(() => {
      const changed = boxes.some((one) => one.value !== one.defaultValue);
      if (changed && box.isConnected) box.form?.requestSubmit();
    });
  });
  // Choosing "Between" asks for nothing until a box says something.
  page.addEventListener(
    "change",
    (event) => {
      const radio = event.target as HTMLInputElement;
      if (radio.matches("[data-own]")) event.stopPropagation();
      if (radio.value !== "own" || radio.type !== "radio") return;
      const boxes = [...(radio.closest("li")?.querySelectorAll<HTMLInputElement>("[data-own]") ?? [])];
      if (boxes.every((box) => box.value.trim() === "")) event.stopPropagation();
    },
    { capture: true },
  );
  // Addresses are shared: what says nothing does not stand in them.
  document.body.addEventListener("htmx:configRequest", (event) => {
    const { detail } = event as CustomEvent<{ elt: Element; formData: FormData }>;
    if (!detail.elt.matches(FORM)) return;
    tidy(detail.formData);
  });
}

function tidy(fields: FormData): void {
  for (const name of new Set(fields.keys())) {
    const range = /^(.+)_(min|max)$/.exec(name)?.[1];
    const chosen = range ? fields.get(range) : null;
    const unused = chosen !== null && chosen !== "own";
    if (unused || fields.getAll(name).every((value) => value === "")) fields.delete(name);
  }
  if (fields.get("sort") === "relevance") fields.delete("sort");
}

/** On a phone the filters lie over the page; Escape, the cross and the last button close them. */
function startDrawer(page: HTMLElement): void {
  const fold = (): HTMLDetailsElement | null => page.querySelector(".filters-fold");
  const close = (): void => {
    const open = fold();
    if (!open) return;
    open.open = false;
    open.querySelector("summary")?.focus();
  };
  page.addEventListener("click", (event) => {
    const target = event.target as Element;
    if (target.closest("[data-close]")) close();
    else if (target.closest("[data-done]") && PHONE.matches) {
      event.preventDefault();
      close();
    } else if (target.matches(".filters-fold") && PHONE.matches) close();
  });
  page.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !PHONE.matches || !fold()?.open) return;
    event.preventDefault();
    close();
  });
  page.addEventListener(
    "toggle",
    (event) => {
      if (event.target !== fold()) return;
      holdBehind(page);
      if (fold()?.open && PHONE.matches) page.querySelector<HTMLElement>("[data-close]")?.focus();
    },
    { capture: true },
  );
  PHONE.addEventListener("change", () => holdBehind(page));
}

/** While the drawer is open, what lies behind it is neither scrolled nor reached by Tab. */
function holdBehind(page: HTMLElement): void {
  const open = PHONE.matches && page.querySelector<HTMLDetailsElement>(".filters-fold")?.open === true;
  document.documentElement.classList.toggle("drawer-open", open);
  const behind = "header.site-head, footer.site-foot, #compare-tray, .phone-search, .found, .page-head";
  for (const part of document.querySelectorAll<HTMLElement>(behind)) part.inert = open;
}

/** The search boxes of this page keep its filters, and ask without loading the page anew. */
function startBoxes(page: HTMLElement): void {
  document.addEventListener("submit", (event) => {
    const box = event.target as HTMLFormElement;
    const form = page.querySelector<HTMLFormElement>(`${FORM}[hx-get]`);
    const typed = box.querySelector<HTMLInputElement>("input[type='search'][name='q']");
    if (!box.matches(".site-search") || !form || !typed) return;
    event.preventDefault();
    const kept = form.querySelector<HTMLInputElement>("input[name='q']") ?? hidden(form, "q");
    kept.value = typed.value;
    for (const other of document.querySelectorAll<HTMLInputElement>(".site-search input[name='q']")) {
      other.value = typed.value;
    }
    form.requestSubmit();
  });
}

function hidden(form: HTMLFormElement, name: string): HTMLInputElement {
  const input = document.createElement("input");
  input.type = "hidden";
  input.name = name;
  form.prepend(input);
  return input;
}

/** A mistake in the query belongs to the box it was typed in. */
function tellBoxes(page: HTMLElement): void {
  const wrong = page.querySelector("#query-problem") !== null;
  for (const box of document.querySelectorAll<HTMLInputElement>(".site-search input[name='q']")) {
    box.toggleAttribute("aria-invalid", wrong);
    if (wrong) {
      box.setAttribute("aria-invalid", "true");
      box.setAttribute("aria-describedby", "query-problem");
    } else box.removeAttribute("aria-describedby");
  }
}

/** Without a network the page stays, says so, and asks again by itself when the network is back. */
function startOffline(page: HTMLElement): void {
  const note = page.querySelector<HTMLElement>("[data-offline]");
  let missed: string | null = null;
  const again = (): void => {
    if (missed === null) return;
    const form = page.querySelector<HTMLFormElement>(`${FORM}[hx-get]`);
    missed = null;
    if (form) form.requestSubmit();
    else location.reload();
  };
  const show = (offline: boolean): void => {
    if (note) note.hidden = !offline;
  };
  document.body.addEventListener("htmx:sendError", (event) => {
    const { elt } = (event as CustomEvent<{ elt: Element }>).detail;
    if (!page.contains(elt)) return;
    missed = elt.id;
    show(true);
  });
  document.body.addEventListener("htmx:afterRequest", (event) => {
    if ((event as CustomEvent<{ successful: boolean }>).detail.successful) show(false);
  });
  window.addEventListener("offline", () => show(true));
  window.addEventListener("online", () => {
    show(false);
    again();
  });
  note?.querySelector("[data-again]")?.addEventListener("click", () => {
    missed ??= "";
    again();
  });
}
