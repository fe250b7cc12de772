// Packs every public package (already built), installs the tarballs with plain npm in a fresh folder
// outside the workspace, and uses every entry point as ESM, as CommonJS and from TypeScript.
//   node scripts/consumer.mjs [--node PATH]... [--ts VERSION]... [--keep]
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    node: { type: "string", multiple: true, default: [process.execPath] },
    ts: { type: "string", multiple: true, default: ["7.0.2", "6.0.3", "5.9.3"] },
    keep: { type: "boolean", default: false },
  },
});
const root = fileURLToPath(new URL("..", import.meta.url));
const pnpm = join(root, "node_modules", ".bin", "pnpm");
const work = mkdtempSync(join(tmpdir(), "holdfast-consumer-"));
const problems = [];
try {
  const packages = pack();
  install(packages);
  const entries = packages.flatMap(({ name, exports, sideEffects }) =>
    Object.entries(exports)
      // one that does something when it is loaded is meant for a place of its own: see `underVitest`
      .filter(
        ([key, { default: file }]) => !key.endsWith(".json") && !(sideEffects || []).includes(file),
      )
      .map(([key]) => name + key.slice(1)),
  );
  for (const node of values.node) load(node, entries);
  writeFileSync(join(work, "esm.mts"), typedUse(entries));
  writeFileSync(join(work, "cjs.cts"), typedUse(entries));
  for (const version of values.ts) typecheck(version);
  underVitest();
} finally {
  if (values.keep) console.log(work);
  else rmSync(work, { recursive: true, force: true });
}
if (problems.length > 0) {
  console.error(problems.join("\n"));
  process.exit(1);
}
console.log("consumer: all good");

/** Packs all public packages; returns their manifests as npm will see them, with the tarball. */
function pack() {
  run(pnpm, ["-r", "--filter", "./packages/*", "pack", "--pack-destination", work], root);
  return readdirSync(work)
    .filter((file) => file.endsWith(".tgz"))
    .map((tarball) => {
      const text = run("tar", ["-xzOf", tarball, "package/package.json"], work);
      const manifest = JSON.parse(text);
      for (const protocol of ["workspace:", "catalog:"])
        if (text.includes(protocol))
          problems.push(`${manifest.name}: "${protocol}" left in the packed package.json`);
      return { ...manifest, tarball };
    });
}

function install(packages) {
  const ofPackages = (value) => Object.fromEntries(packages.map((p) => [p.name, value(p)]));
  const manifest = {
    name: "consumer",
    private: true,
    dependencies: ofPackages(({ tarball }) => `file:${tarball}`),
    // the packages must find each other before they are published
    overrides: ofPackages(({ name }) => `$${name}`),
    devDependencies: {
      ...Object.fromEntries(values.ts.map((v) => [`ts-${v}`, `npm:typescript@${v}`])),
      "@types/node": "20",
      vitest: "4.1.12",
    },
  };
  writeFileSync(join(work, "package.json"), JSON.stringify(manifest));
  run("npm", ["install", "--no-audit", "--no-fund", "--ignore-scripts"], work);
}

/** Every entry by `import` and by `require`; whatever Node writes to stderr meanwhile is a problem. */
function load(node, entries) {
  const version = run(node, ["--version"], work).trim();
  for (const entry of entries) {
    const name = JSON.stringify(entry);
    for (const [type, expression] of [
      ["module", `await import(${name})`],
      ["commonjs", `require(${name})`],
    ]) {
      const code = `if (Object.keys(${expression}).length === 0) throw new Error("no exports")`;
      const { status, stderr } = spawnSync(node, [`--input-type=${type}`, "-e", code], {
        cwd: work,
        encoding: "utf8",
        env: { ...process.env, NODE_PENDING_DEPRECATION: "1" },
      });
      if (status !== 0 || stderr.trim() !== "")
        problems.push(`${version}, ${entry} as ${type}: exit code ${status}\n${head(stderr)}`);
    }
  }
  console.log(`${version}: ${entries.length} entry points, import and require`);
}

function head(text) {
  return text.trim().split("\n").slice(0, 6).join("\n");
}

function typedUse(entries) {
  return entries
    .map(
      (entry, i) =>
        `import * as m${i} from ${JSON.stringify(entry)};\nexport const k${i}: keyof typeof m${i} = null!;\n`,
    )
    .join("");
}

function typecheck(version) {
  const settings = [
    { module: "nodenext", moduleResolution: "nodenext", files: ["esm.mts", "cjs.cts"] },
    { module: "node16", moduleResolution: "node16", files: ["esm.mts"] },
    { module: "esnext", moduleResolution: "bundler", files: ["esm.mts"] },
  ];
  for (const { files, ...resolution } of settings) {
    const compilerOptions = {
      ...resolution,
      target: "es2022",
      strict: true,
      noEmit: true,
      skipLibCheck: false,
      types: ["node"],
    };
    writeFileSync(join(work, "tsconfig.json"), JSON.stringify({ compilerOptions, files }));
    const tsc = join("node_modules", `ts-${version}`, "bin", "tsc");
    const { status, stdout } = spawnSync(process.execPath, [tsc, "-p", "."], {
      cwd: work,
      encoding: "utf8",
    });
    if (status !== 0)
      problems.push(`typescript ${version}, ${resolution.moduleResolution}:\n${stdout}`);
  }
  console.log(`typescript ${version}: ${settings.map((s) => s.moduleResolution).join(", ")}`);
}

/** The matchers, in a test of a user who has vitest, with their types. */
function underVitest() {
  const test = `import "@holdfast/testing/vitest";
import { createMemoryFileSystem } from "@holdfast/testing";
import { expect, test } from "vitest";

test("a tree", () => {
  const { fs } = createMemoryFileSystem({ tree: ["a.txt = hello"] });
  expect(fs).toHaveTree(["a.txt = hello"]);
  expect(() => expect(fs).toHaveTree([])).toThrow("a.txt");
});
`;
  writeFileSync(join(work, "matchers.test.mts"), test);
  const vitest = join("node_modules", "vitest", "vitest.mjs");
  const ran = spawnSync(process.execPath, [vitest, "run"], { cwd: work, encoding: "utf8" });
  if (ran.status !== 0) problems.push(`vitest:\n${ran.stdout}${ran.stderr}`);
  const compilerOptions = {
    module: "nodenext",
    target: "es2022",
    strict: true,
    noEmit: true,
    skipLibCheck: false,
    types: ["node"],
  };
  const files = ["matchers.test.mts"];
  writeFileSync(join(work, "tsconfig.json"), JSON.stringify({ compilerOptions, files }));
  const tsc = join("node_modules", `ts-${values.ts[0]}`, "bin", "tsc");
  const checked = spawnSync(process.execPath, [tsc, "-p", "."], { cwd: work, encoding: "utf8" });
  if (checked.status !== 0) problems.push(`the types of the matchers:\n${checked.stdout}`);
  console.log("vitest: the matchers, and their types");
}

/** Output of a command that must succeed. */
function run(file, args, cwd) {
  return execFileSync(file, args, {
    cwd,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    shell: process.platform === "win32" && /(npm|pnpm)$/.test(file), // npm.cmd needs a shell
  });
}
