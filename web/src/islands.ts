/** An element with data-island="name" gets that module; its code is loaded only where it is used. */
interface Island {
  mount(element: HTMLElement): void;
}

const LOADERS: Record<string, () => Promise<Island>> = {
  chart: () => import("./islands/chart"),
  uploads: () => import("./islands/uploads"),
  compare: () => import("./islands/compare"),
  suggest: () => import("./islands/suggest"),
  preview: () => import("./islands/preview"),
};

export function mountIslands(root: ParentNode): void {
  for (const element of root.querySelectorAll<HTMLElement>("[data-island]:not([data-mounted])")) {
    const load = LOADERS[element.dataset["island"] ?? ""];
    if (!load) continue;
    element.dataset["mounted"] = "";
    void load().then((island) => island.mount(element));
  }
}
