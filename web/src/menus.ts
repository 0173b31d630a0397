/** Menus are <details class="menu-root">: scripts only add closing on Escape and on a click outside. */
export function startMenus(): void {
  // On a phone the side navigation and tabs are strips that scroll: show where we are.
  for (const here of document.querySelectorAll<HTMLElement>(
    ".side-nav [aria-current], .tabs-line [aria-current]",
  )) {
    const strip = here.parentElement;
    if (strip) strip.scrollLeft = here.offsetLeft - (strip.clientWidth - here.offsetWidth) / 2;
  }
  document.addEventListener("click", (event) => {
    for (const menu of openMenus()) {
      if (!menu.contains(event.target as Node)) menu.open = false;
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of openMenus()) {
      menu.open = false;
      menu.querySelector("summary")?.focus();
    }
  });
  document.addEventListener("focusin", (event) => {
    for (const menu of openMenus()) {
      if (!menu.contains(event.target as Node)) menu.open = false;
    }
  });
}

function openMenus(): NodeListOf<HTMLDetailsElement> {
  return document.querySelectorAll<HTMLDetailsElement>("details.menu-root[open]");
}
