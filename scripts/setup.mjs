// Makes a clone ready to work in: installs the dependencies if pnpm-lock.yaml asks for others than
// the ones that are there, and builds the packages. Needs Node and npm, nothing else: the pnpm that
// package.json names is fetched by npx. `npm test` and `npm run demo` call it first.
//   node scripts/setup.mjs
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const { engines, packageManager } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const windows = process.platform === "win32";

requireNode(engines.node.replace(">=", ""));
install();
build();

function requireNode(oldest) {
  const [wantedMajor, wantedMinor] = oldest.split(".").map(Number);
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)) return;
  console.error(`Holdfast needs Node ${oldest} or later; this is ${process.version}`);
  process.exit(1);
}

function install() {
  // The stamp holds what was installed. Times would not do: a checkout gives the lockfile a new
  // time without new content, and pnpm leaves node_modules alone when it finds nothing to do.
  const stamp = join(root, "node_modules", ".holdfast-setup");
  const wanted = createHash("sha256")
    .update(readFileSync(join(root, "pnpm-lock.yaml")))
    .update(readFileSync(join(root, "pnpm-workspace.yaml")))
    .digest("hex");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  phase(`installing dependencies with ${packageManager}`, "npx", [
    "--yes",
    packageManager,
    "install",
    "--frozen-lockfile",
  ]);
  writeFileSync(stamp, wanted);
}

function build() {
  const projects = readdirSync(join(root, "packages"))
    .map((name) => join("packages", name))
    .filter((folder) => existsSync(join(root, folder, "tsconfig.json")));
  const tsc = join("node_modules", "typescript", "bin", "tsc");
  phase("compiling the packages", process.execPath, [tsc, "-b", ...projects]);
  phase("bundling them", process.execPath, [join("scripts", "bundle.mjs"), ...projects]);
}

/** Says what is going on in one line; the command's own output is shown only if it fails. */
function phase(name, command, args) {
  process.stdout.write(`${name} ... `);
  const started = performance.now();
  const { status, signal, error, stdout, stderr } = spawnSync(command, args, {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    maxBuffer: 64 * 1024 * 1024,
    shell: windows && command === "npx", // it is npx.cmd there, which only a shell can start
    // CI: without it pnpm stops to ask before it replaces a node_modules of another version
    env: { ...process.env, CI: "true", NO_UPDATE_NOTIFIER: "1" },
  });
  if (status === 0) {
    console.log(`${((performance.now() - started) / 1000).toFixed(1)} s`);
    return;
  }
  console.log("failed");
  console.error(`\n$ ${[command, ...args].join(" ")}\n${stdout ?? ""}${stderr ?? ""}`);
  console.error(error?.message ?? (signal ? `ended by ${signal}` : `exit code ${status}`));
  process.exit(1);
}
