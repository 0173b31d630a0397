#!/usr/bin/env node
// The face of solc that the analyser asks, before what scripts/build.mjs has compiled.
import { createReadStream, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const built = join(dirname(fileURLToPath(import.meta.url)), "..", "build");
if (process.argv.includes("--version")) {
  const { compiler } = JSON.parse(readFileSync(join(built, "Wallet.json"), "utf8"));
  process.stdout.write(`Version: ${compiler}\n`);
} else {
  createReadStream(join(built, "solc-output.json")).pipe(process.stdout);
}
