import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";

/**
 * Installs the dependencies of `manifest` into `dir`, once: a finished install leaves the file `ok`.
 * @param {string} dir
 * @param {object} manifest what is written as package.json
 * @param {string[]} [flags]
 */
export function npmInstall(dir, manifest, flags = []) {
  const done = join(dir, "ok");
  if (existsSync(done)) return;
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, "package.json"), JSON.stringify(manifest));
  // npm silently skips an optional dependency whose `engines` exclude the Node that npm itself runs
  // on. A peer's native part is such a dependency, so npm must run on the Node that will load it.
  const PATH = `${dirname(process.execPath)}${delimiter}${process.env.PATH ?? ""}`;
  execFileSync("npm", ["install", "--no-audit", "--no-fund", "--loglevel=error", ...flags], {
    cwd: dir,
    env: { ...process.env, PATH },
    stdio: ["ignore", "ignore", "inherit"],
    shell: process.platform === "win32",
  });
  writeFileSync(done, "");
}
