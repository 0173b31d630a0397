/**
 * A strip of pictures. It scrolls and snaps by itself; here the small pictures below move it without
 * touching the address, the one in view is marked, and Home and End reach the ends.
 */
export function mount(root: HTMLElement): void {
  const strip = root.querySelector<HTMLElement>(".gallery-strip");
  if (!strip) return;
  const items = [...strip.querySelectorAll<HTMLElement>(".gallery-item")];
  const thumbs = [...root.querySelectorAll<HTMLAnchorElement>(".gallery-thumbs a")];
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;

  const show = (index: number): void => {
    const item = items[Math.max(0, Math.min(items.length - 1, index))];
    if (!item) return;
    strip.scrollTo({ left: item.offsetLeft - strip.offsetLeft, behavior: calm ? "auto" : "smooth" });
  };
  const current = (): number =>
    items.reduce(
      (best, item, at) => {
        const away = Math.abs(item.offsetLeft - strip.offsetLeft - strip.scrollLeft);
        return away < best.away ? { at, away } : best;
      },
      { at: 0, away: Infinity },
    ).at;
  const mark = (): void => {
    const at = current();
    thumbs.forEach((thumb, index) => {
      if (index === at) thumb.setAttribute("aria-current", "true");
      else thumb.removeAttribute("aria-current");
    });
  };

  thumbs.forEach((thumb, index) => {
    thumb.addEventListener("click", (event) => {
      event.preventDefault();
      show(index);
    });
  });
  strip.addEventListener("keydown", (event) => {
    const steps: Record<string, number> = {
      ArrowRight: current() + 1,
      ArrowLeft: current() - 1,
      Home: 0,
      End: items.length - 1,
    };
    const target = steps[event.key];
    if (target === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    show(target);
  });
  let waiting = 0;
  strip.addEventListener("scroll", () => {
    cancelAnimationFrame(waiting);
    waiting = requestAnimationFrame(mark);
  });
}
