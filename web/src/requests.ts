/** Every htmx request carries the CSRF token, and shows that it is under way. */

export function csrfToken(): string {
  return document.querySelector<HTMLMetaElement>("meta[name='csrf-token']")?.content ?? "";
}

export function startRequests(): void {
  document.body.addEventListener("htmx:configRequest", (event) => {
    const { headers } = (event as CustomEvent<{ headers: Record<string, string> }>).detail;
    headers["x-csrf-token"] = csrfToken();
  });
  const bar = document.getElementById("loadbar");
  let busy = 0;
  document.body.addEventListener("htmx:beforeRequest", (event) => {
    if (isQuiet(event)) return;
    busy += 1;
    bar?.classList.add("busy");
  });
  document.body.addEventListener("htmx:afterRequest", (event) => {
    if (isQuiet(event)) return;
    busy = Math.max(0, busy - 1);
    if (busy === 0) bar?.classList.remove("busy");
  });
}

/** Whether the page renews a part of itself, which nobody waits for. */
function isQuiet(event: Event): boolean {
  const { requestConfig } = (event as CustomEvent<{ requestConfig?: { elt?: Element } }>).detail;
  return requestConfig?.elt?.matches("[data-live], [data-quiet]") ?? false;
}
