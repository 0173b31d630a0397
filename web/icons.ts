import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Plugin } from "vite";

/** The icons that templates may name; a name missing here fails the page's test, not the visitor. */
const NAMES = [
  "search", "menu", "x", "bell", "sun", "moon", "monitor", "user", "log-out", "plus", "check",
  "chevron-down", "chevron-right", "chevron-left", "arrow-right", "arrow-left", "arrow-up-right",
  "box", "database", "plug", "puzzle", "palette", "layout-template", "shapes", "bot", "cpu",
  "download", "upload", "upload-cloud", "file", "file-archive", "copy", "shield-check",
  "shield-alert", "shield", "scale", "git-commit-horizontal", "history", "wallet", "receipt",
  "library", "store", "settings", "key-round", "users", "bar-chart-3", "tag", "star", "info",
  "triangle-alert", "circle-alert", "circle-check", "grid-2x2", "list", "sliders-horizontal",
  "filter-x", "clock", "badge-check", "fingerprint", "credit-card", "package-open", "wifi-off",
  "trash-2", "refresh-cw", "eye", "lock", "link", "building-2", "mail", "coins", "trending-up",
  "sparkles", "hash", "inbox", "pause", "play", "rotate-ccw", "pencil", "archive", "external-link",
  "columns-3", "bell-plus", "bookmark",
  "heart", "arrow-up", "arrow-down", "image", "table-2", "audio-lines", "flask-conical",
  "share-2", "thumbs-up", "flag", "gavel", "languages", "heart-pulse", "layers", "user-plus", "user-check",
] as const;

/** Writes icons.json: icon name to the inner SVG of a 24 × 24 stroke icon (Lucide, ISC licence). */
export function iconSheet(): Plugin {
  return {
    name: "souk-icons",
    generateBundle() {
      const sheet: Record<string, string> = {};
      for (const name of NAMES) {
        const path = fileURLToPath(
          new URL(`./node_modules/lucide-static/icons/${name}.svg`, import.meta.url),
        );
        const svg = readFileSync(path, "utf8");
        const inner = /<svg[^>]*>([\s\S]*)<\/svg>/.exec(svg)?.[1];
        if (!inner) throw new Error(`icon ${name} has no content`);
        sheet[name] = inner.replace(/\s*\n\s*/g, "");
      }
      this.emitFile({ type: "asset", fileName: "icons.json", source: JSON.stringify(sheet) });
    },
  };
}
