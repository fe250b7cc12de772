// Runs the whole test suite (already built) on several JavaScript runtimes, each fetched with npm
// into a cache folder, never into this workspace: a `node` in node_modules/.bin would take over every
// script. RUNTIMES_CACHE names another cache folder.
//   node scripts/runtimes.mjs [NAME]... [-- VITEST-ARGS]        default: all of them
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const { platform, arch } = process;
const system = platform === "win32" ? "win" : platform;
const nodePackage = `${platform === "darwin" && arch === "arm64" ? "node-bin" : "node"}-${system}-${arch}`;
const node = (version) => ({ spec: `${nodePackage}@${version}`, args: [] });
const runtimes = {
  "node-20.19": node("20.19.0"), // the oldest supported
  "node-20": node("20.20.2"),
  "node-22": node("22.23.3"),
  "node-24": node("24.21.0"),
  "node-26": node("26.10.0"),
  bun: { spec: "bun@1.4.4", args: ["--bun"] },
  deno: { spec: "deno@2.9.6", args: ["run", "-A", "--no-lock", "--node-modules-dir=manual"] },
};

const root = fileURLToPath(new URL("..", import.meta.url));
const cache =
  process.env.RUNTIMES_CACHE ??
  join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "holdfast-runtimes");
const argv = process.argv.slice(2);
const dashes = argv.includes("--") ? argv.indexOf("--") : argv.length;
const names = dashes > 0 ? argv.slice(0, dashes) : Object.keys(runtimes);
const vitestArgs = argv.slice(dashes + 1);
for (const name of names) {
  if (Object.hasOwn(runtimes, name)) continue;
  console.error(`unknown runtime ${name}; known: ${Object.keys(runtimes).join(", ")}`);
  process.exit(2);
}

const table = [];
for (const name of names) {
  console.log(`\n=== ${name}`);
  const started = performance.now();
  const { version, result } = test(runtimes[name]);
  const seconds = Math.round((performance.now() - started) / 100) / 10;
  table.push({ runtime: name, version, result, seconds });
}
console.table(table);
process.exit(table.every(({ result }) => result === "ok") ? 0 : 1);

function test({ spec, args }) {
  let version = "?";
  try {
    const executable = provide(spec);
    version = execFileSync(executable, ["--version"], { encoding: "utf8" }).split("\n")[0];
    const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
    const { status, signal, error } = spawnSync(
      executable,
      [...args, vitest, "run", "--reporter=dot", ...vitestArgs],
      { cwd: root, stdio: ["ignore", "inherit", "inherit"], timeout: 600_000 },
    );
    if (error) throw error;
    return { version, result: status === 0 ? "ok" : `FAILED (${signal ?? status})` };
  } catch (error) {
    console.error(error.message);
    return { version, result: "FAILED" };
  }
}

/** The executable of that npm package, installed on first use. */
function provide(spec) {
  const name = spec.slice(0, spec.lastIndexOf("@"));
  const dir = join(cache, spec);
  const complete = join(dir, "ok"); // an installation that was interrupted does not have it
  if (!existsSync(complete)) {
    mkdirSync(dir, { recursive: true });
    writeFileSync(join(dir, "package.json"), "{}");
    execFileSync(
      "npm",
      ["install", "--no-audit", "--no-fund", "--loglevel=error", "--save-exact", spec],
      { cwd: dir, stdio: ["ignore", "ignore", "inherit"], shell: platform === "win32" },
    );
    writeFileSync(complete, "");
  }
  const folder = join(dir, "node_modules", name);
  const { bin } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  return join(folder, typeof bin === "string" ? bin : Object.values(bin)[0]);
}
