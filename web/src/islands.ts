/** An element with data-island="name" gets that module; its code is loaded only where it is used. */
interface Island {
  mount(element: HTMLElement): void;
}

const LOADERS: Record<string, () => Promise<Island>> = {
  chart: () => import("./islands/chart"),
  uploads: () => import("./islands/uploads"),
  compare: () => import("./islands/compare"),
  gallery: () => import("./islands/gallery"),
  filters: () => import("./islands/filters"),
  suggest: () => import("./islands/suggest"),
  favourites: () => import("./islands/favourites"),
  preview: () => import("./islands/preview"),
  "chain-ask": () => import("./islands/chain-ask"),
  "chain-pay": () => import("./islands/chain-pay"),
  "chain-wallet": () => import("./islands/chain-wallet"),
  wallet: () => import("./islands/wallet"),
};

export function mountIslands(root: ParentNode): void {
  for (const element of root.querySelectorAll<HTMLElement>("[data-island]:not([data-mounted])")) {
    const load = LOADERS[element.dataset["island"] ?? ""];
    if (!load) continue;
    element.dataset["mounted"] = "";
    void load().then((island) => island.mount(element));
  }
}

/** Elements with data-live are told of changes; the stream is opened only where there are some. */
export function watchLive(root: Document | Element): void {
  const asked = root instanceof Element && root.matches("[data-live]");
  if (asked || root.querySelector("[data-live]")) {
    void import("./islands/live").then((live) => live.watch());
  }
}
