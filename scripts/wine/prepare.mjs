// Lays out a folder in which the tests run against the packed packages, without this workspace: the
// tarballs as dependencies, beside them the tests and the sources that tests of internals import.
// For scripts/windows.sh:  node scripts/wine/prepare.mjs FOLDER     (FOLDER holds the tarballs)
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const [folder] = process.argv.slice(2);
const manifest = (path) => JSON.parse(readFileSync(join(path, "package.json"), "utf8"));

const packed = {};
for (const tarball of readdirSync(folder).filter((name) => name.endsWith(".tgz"))) {
  const text = execFileSync("tar", ["-xzOf", join(folder, tarball), "package/package.json"], {
    encoding: "utf8",
  });
  packed[JSON.parse(text).name] = `file:${tarball}`;
}

// what the tests import: the versions that are installed here
const tools = {};
for (const path of ["", ...readdirSync(join(root, "packages")).map((name) => `packages/${name}`)]) {
  const { devDependencies = {} } = manifest(join(root, path));
  for (const name of Object.keys(devDependencies)) {
    const isForTests = path !== "" || name === "vitest" || name === "fast-check";
    if (isForTests && !Object.hasOwn(packed, name))
      tools[name] = manifest(join(root, path, "node_modules", name)).version;
  }
  if (path === "") continue;
  for (const part of ["package.json", "src", "test"])
    if (existsSync(join(root, path, part)))
      cpSync(join(root, path, part), join(folder, path, part), { recursive: true });
}

// the tsconfig.json of the tests leads to it, and vite reads that
cpSync(join(root, "tsconfig.base.json"), join(folder, "tsconfig.base.json"));
writeFileSync(
  join(folder, "package.json"),
  JSON.stringify({
    private: true,
    type: "module",
    dependencies: { ...packed, ...tools },
    // the packages must find each other before they are published
    overrides: Object.fromEntries(Object.keys(packed).map((name) => [name, `$${name}`])),
  }),
);
writeFileSync(
  join(folder, "vitest.config.js"),
  `export default { test: { include: ["packages/*/test/**/*.test.ts"], pool: "threads" } };\n`,
);
