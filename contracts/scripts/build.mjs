// Compiles src/ with solc-js and packages ABI, bytecode and metadata with the Python package; with --check
// it leaves those alone and fails when they differ. Into build/ it writes the contracts that only
// tests use, and what solc said (for the analyser).
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const require = createRequire(import.meta.url);
const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const packaged = join(root, "..", "src", "souk", "rights", "chain", "abi");
const built = join(root, "build");

const solidity = (folder) =>
  readdirSync(join(root, folder), { recursive: true })
    .filter((name) => name.endsWith(".sol"))
    .map((name) => join(folder, name))
    .sort();

const settings = {
  optimizer: { enabled: true, runs: 1000 },
  evmVersion: "cancun",
  metadata: { bytecodeHash: "none" },
  outputSelection: {
    "*": {
      "*": ["abi", "metadata", "devdoc", "userdoc", "evm.bytecode", "evm.deployedBytecode"],
      "": ["ast"], // for the analyser
    },
  },
};
const sources = Object.fromEntries(
  [...solidity("src"), ...solidity("test")].map((path) => [
    path,
    { content: readFileSync(join(root, path), "utf8") },
  ]),
);
const input = { language: "Solidity", sources, settings };

const wanted = ["Anchor", "Licences", "Market", "PlatformToken", "RentalEscrow", "Works"];
const checking = process.argv.includes("--check");

// What was checked once need not be compiled again.
const lock = readFileSync(join(root, "package-lock.json"), "utf8");
const note = join(built, "checked");
const fingerprint = () => {
  const digest = createHash("sha256").update(JSON.stringify(input)).update(lock);
  digest.update(readFileSync(fileURLToPath(import.meta.url)));
  for (const name of wanted) digest.update(readIfThere(join(packaged, `${name}.json`)));
  return digest.digest("hex");
};
const readIfThere = (path) => {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
};
if (checking && readIfThere(note) === fingerprint()) process.exit(0);

const solc = require("solc");
const findImport = (path) => {
  try {
    return { contents: readFileSync(join(root, "node_modules", path), "utf8") };
  } catch {
    return { error: `${path} is not there` };
  }
};
const output = JSON.parse(solc.compile(JSON.stringify(input), { import: findImport }));
// What solc says of OpenZeppelin's files (that transient storage needs care) is not about ours.
const problems = (output.errors ?? []).filter(
  ({ severity, sourceLocation }) => severity === "error" || !sourceLocation?.file.startsWith("@"),
);
for (const problem of problems) process.stderr.write(problem.formattedMessage);
if (problems.length > 0) process.exit(1); // warnings too

const artifact = (path, name) => {
  const { abi, evm, metadata } = output.contracts[path][name];
  return {
    contract: name,
    compiler: JSON.parse(metadata).compiler.version,
    sourceSha256: createHash("sha256").update(sources[path].content).digest("hex"),
    metadata: JSON.parse(metadata),
    abi,
    bytecode: `0x${evm.bytecode.object}`,
  };
};

const texts = Object.fromEntries(
  wanted.map((name) => [`${name}.json`, `${JSON.stringify(artifact(join("src", `${name}.sol`), name))}\n`]),
);

if (checking) {
  const stale = Object.keys(texts).filter((name) => readIfThere(join(packaged, name)) !== texts[name]);
  if (stale.length > 0) {
    process.stderr.write(`Not what the sources give: ${stale.join(", ")}. Run: npm run build\n`);
    process.exit(1);
  }
} else {
  mkdirSync(packaged, { recursive: true });
  for (const [name, text] of Object.entries(texts)) writeFileSync(join(packaged, name), text);
}

rmSync(built, { recursive: true, force: true });
mkdirSync(built);
for (const path of solidity("test"))
  for (const name of Object.keys(output.contracts[path] ?? {}))
    writeFileSync(join(built, `${name}.json`), JSON.stringify(artifact(path, name)));
writeFileSync(join(built, "solc-output.json"), JSON.stringify(output));
writeFileSync(note, fingerprint());
process.stdout.write(`${wanted.length} contracts: ${relative(process.cwd(), packaged)}\n`);
