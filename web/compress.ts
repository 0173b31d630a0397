import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import type { Plugin } from "vite";

/** Below this many bytes a shorter form saves nothing worth a file. */
const SMALLEST = 1024;

/** Writes each text file in its shorter forms beside it, `.br` and `.gz`, once all names are final. */
export function shorterForms(): Plugin {
  return {
    name: "souk-shorter-forms",
    writeBundle(options, bundle) {
      for (const name of Object.keys(bundle)) {
        if (!options.dir || !/^assets\/.*\.(js|css|svg)$/.test(name)) continue;
        const path = join(options.dir, name);
        const source = readFileSync(path);
        if (source.length < SMALLEST) continue;
        const params = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY };
        writeFileSync(`${path}.br`, brotliCompressSync(source, { params }));
        writeFileSync(`${path}.gz`, gzipSync(source, { level: 9 }));
      }
    },
  };
}
