import { fileURLToPath } from "node:url";
import tailwindcss from "@tailwindcss/vite";
import { defineConfig } from "vite";
import { shorterForms } from "./compress.ts";
import { iconSheet } from "./icons.ts";

const outDir = fileURLToPath(new URL("../src/souk/web/static/dist", import.meta.url));

// Every asset is its own file (no data: fonts or scripts), so the pages' Content-Security-Policy
// can name 'self' alone.
export default defineConfig({
  base: "/static/dist/",
  plugins: [tailwindcss(), iconSheet(), shorterForms()],
  build: {
    outDir,
    emptyOutDir: true,
    manifest: "manifest.json",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700,
    rollupOptions: {
      input: ["src/main.ts"],
      // htmx holds an eval for its hx-on and filters; the pages switch it off (allowEval: false).
      checks: { eval: false },
    },
  },
  worker: { format: "es" },
});
