// Keeps @holdfast/atomic small (both packages already built): the packed size of it and @holdfast/fs
// together, and how many modules an import of it reaches in what is published. The same for the
// source, without a limit: how far one has to read is the house's own concern.
//   node scripts/size.mjs
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const limits = { packedBytes: 60_000, modules: 30 };

const root = fileURLToPath(new URL("..", import.meta.url));
const folders = { "@holdfast/fs": "packages/fs", "@holdfast/atomic": "packages/atomic" };
const problems = [];

const sizes = packedSizes();
const total = sizes.reduce((sum, { bytes }) => sum + bytes, 0);
for (const { name, bytes } of sizes) console.log(`${String(bytes).padStart(7)} bytes  ${name}`);
console.log(`${String(total).padStart(7)} bytes  packed together (limit ${limits.packedBytes})`);
if (total > limits.packedBytes) problems.push(`packed: ${total} bytes`);

const modules = reached(publishedEntry);
const sources = reached(sourceEntry);
console.log(
  `${String(modules.size).padStart(7)} modules (${lineCount(modules)} lines) ` +
    `reached by an import of @holdfast/atomic (limit ${limits.modules})`,
);
console.log(
  `${String(sources.size).padStart(7)} source modules (${lineCount(sources)} lines) make them up`,
);
if (modules.size > limits.modules) {
  const list = [...modules].map((file) => `  ${relative(root, file)}`).toSorted();
  problems.push(`modules: ${modules.size}\n${list.join("\n")}`);
}

if (problems.length > 0) {
  console.error(`over the limit: ${problems.join("\n")}`);
  process.exit(1);
}

function packedSizes() {
  const work = mkdtempSync(join(tmpdir(), "holdfast-size-"));
  try {
    const filters = Object.keys(folders).flatMap((name) => ["--filter", name]);
    execFileSync(
      join(root, "node_modules", ".bin", "pnpm"),
      ["-r", ...filters, "pack", "--pack-destination", work],
      { cwd: root, stdio: ["ignore", "ignore", "inherit"], shell: process.platform === "win32" },
    );
    return readdirSync(work).map((name) => ({ name, bytes: statSync(join(work, name)).size }));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/**
 * All modules of ours that an import of @holdfast/atomic reaches, statically or not; `entryOf` says
 * which file such a specifier stands for.
 */
function reached(entryOf) {
  const seen = new Set();
  const open = [entryOf("@holdfast/atomic")];
  while (open.length > 0) {
    const file = open.pop();
    if (seen.has(file)) continue;
    if (!existsSync(file)) throw new Error(`${relative(root, file)} does not exist: not built?`);
    seen.add(file);
    const notRun = /\/\*[\s\S]*?\*\/|^\s*\/\/.*$|^(?:im|ex)port type [^;]*;$/gm;
    const specifiers = /\b(?:from|import)\s*\(?\s*["']([^"']+)["']/g;
    for (const [, specifier] of readFileSync(file, "utf8")
      .replaceAll(notRun, "")
      .matchAll(specifiers)) {
      if (specifier.startsWith(".")) open.push(join(dirname(file), specifier));
      else if (specifier.startsWith("@holdfast/")) open.push(entryOf(specifier));
    }
  }
  return seen;
}

/** "@holdfast/fs/steps" to the file that package.json says it is. */
function publishedEntry(specifier) {
  const name = specifier.split("/", 2).join("/");
  const folder = join(root, folders[name]);
  const { exports } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  return join(folder, exports[`.${specifier.slice(name.length)}`].default);
}

/** ... and to the source that this is made from. */
function sourceEntry(specifier) {
  return publishedEntry(specifier).replace(/dist(.[^\\/]+)\.js$/, "src$1.ts");
}

function lineCount(files) {
  return [...files].reduce(
    (sum, file) => sum + readFileSync(file, "utf8").trimEnd().split("\n").length,
    0,
  );
}
