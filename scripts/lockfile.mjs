// Checks that pnpm-lock.yaml also works on the other operating systems: when a registry does not
// (yet) hold the binary of some platform, pnpm drops it from the lockfile without a word. So every
// optional dependency that an installed package names must be in the lockfile.
//   node scripts/lockfile.mjs
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const store = join(root, "node_modules", ".pnpm");

// "  '@scope/name@1.2.3(peer@4)':" in the sections `packages` and `snapshots`
const locked = new Set();
const lockedNames = new Set();
const entry = /^ {2}'?((?:@[^/@\s]+\/)?[^@\s']+)@([^\s'(:]+)/gm;
for (const [, name, version] of readFileSync(join(root, "pnpm-lock.yaml"), "utf8").matchAll(
  entry,
)) {
  locked.add(`${name}@${version}`);
  lockedNames.add(name);
}

const binary = /darwin|win32|windows|linux/;
const missing = new Set();
let checked = 0;
for (const slot of readdirSync(store)) {
  // "@scope+name@1.2.3_peer@4": the package itself lies below, beside its dependencies
  const name = slot.replace(/(.)@.*/, "$1").replace("+", "/");
  const manifest = join(store, slot, "node_modules", name, "package.json");
  if (!existsSync(manifest)) continue;
  const { optionalDependencies = {}, version } = JSON.parse(readFileSync(manifest, "utf8"));
  for (const [dependency, range] of Object.entries(optionalDependencies)) {
    if (!binary.test(dependency)) continue;
    checked++;
    const exact = /^\d+\.\d+\.\d+[^\s|<>]*$/.test(range);
    if (exact ? locked.has(`${dependency}@${range}`) : lockedNames.has(aliased(dependency, range)))
      continue;
    missing.add(`${name}@${version}: ${dependency}@${range} is not in pnpm-lock.yaml`);
  }
}

/** "npm:other@1.2.3" installs `other` under the name of the dependency. */
function aliased(dependency, range) {
  return /^npm:(.[^@]*)@/.exec(range)?.[1] ?? dependency;
}

if (checked === 0) missing.add("no platform binaries found at all: is the installation complete?");
if (missing.size > 0) {
  console.error([...missing].join("\n"));
  process.exit(1);
}
console.log(`lockfile: all ${checked} platform binaries are present`);
