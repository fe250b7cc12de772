// Proves that the tests of @holdfast/testing would notice an explorer that sees less than it says: in a
// copy, each explorer is weakened in one place, and its own tests must fail. First they must pass as
// they are.
//   node scripts/weakened.mjs [NAME]...         default: all
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

/** What is weakened: in `file` below src, `from` (which must stand there once) becomes `to`. */
const weaknesses = [
  {
    name: "crashes: one state in five is skipped",
    tests: "crash",
    file: "crash/collect.ts",
    from: "if (known.has(key)) return true;",
    to: "if (known.has(key) || visits % 5 === 3) return true;",
  },
  {
    name: "crashes: an fsync makes too much durable",
    tests: "crash",
    file: "crash/flush.ts",
    from: "if (at === -1) return notDurable;",
    to: "if (at === -1) return fullyDurable;",
  },
  {
    name: "crashes: no zeros",
    tests: "crash",
    file: "crash/models.ts",
    from: `    name: "ext4",
    order: "prefix",
    fsync: "everything",
    writes: ["nothing", "zeros", "part", "all"],`,
    to: `    name: "ext4",
    order: "prefix",
    fsync: "everything",
    writes: ["nothing", "part", "all"],`,
  },
  {
    name: "faults: a fault is counted, and not injected",
    tests: "faults",
    file: "faults/sweep/faulty-calls.ts",
    from: "if (injected === undefined) return this.#done(made, await proceed());",
    to: "if (injected?.errno !== undefined || injected === undefined) return this.#done(made, await proceed());",
  },
  {
    name: "faults: the fourth call is skipped",
    tests: "faults",
    file: "faults/sweep/faulty-calls.ts",
    from: "if (next?.index === call.index) {",
    to: "if (next?.index === call.index && call.index !== 4) {",
  },
  {
    name: "interference: the point after the last call is skipped",
    tests: "interference",
    file: "interference/explore-interference.ts",
    from: "for (let first = 0; first <= alone.calls; first++) {",
    to: "for (let first = 0; first < alone.calls; first++) {",
  },
  {
    name: "schedules: only neighbours are seen to race",
    tests: "schedule",
    file: "schedule/races.ts",
    from: "for (let first = second - 1; first >= 0; first--) {",
    to: "for (let first = second - 1; first >= second - 1 && first >= 0; first--) {",
  },
  {
    name: "memory: a directory that is not empty can be removed",
    tests: "conformance/memory.test.ts",
    file: "memory/directory-calls.ts",
    from: `if (!isEmpty(found)) throw kernel.error("ENOTEMPTY");`,
    to: "",
  },
  {
    name: "reports: a budget that ran out is passed off as proof",
    tests: "scenario",
    file: "scenario/exploration.ts",
    from: "const exhaustive = this.#limits.size === 0;",
    to: "const exhaustive = true;",
  },
];

const root = fileURLToPath(new URL("..", import.meta.url));
const wanted = process.argv.slice(2);
const chosen = weaknesses.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
if (chosen.length === 0) throw new Error(`no such weakness: ${wanted.join(", ")}`);

const work = mkdtempSync(join(tmpdir(), "holdfast-weakened-"));
let missed = 0;
try {
  copyRepository();
  for (const tests of new Set(chosen.map((one) => one.tests))) {
    if (failures(tests) === 0) continue;
    throw new Error(`test/${tests} fails as it is: nothing can be learnt from it`);
  }
  for (const { name, tests, file, from, to } of chosen) {
    const path = join(work, "packages/testing/src", file);
    const text = readFileSync(path, "utf8");
    if (text.split(from).length !== 2) throw new Error(`${file} does not hold once: ${from}`);
    writeFileSync(
      path,
      text.replace(from, () => to),
    );
    const failed = failures(tests);
    writeFileSync(path, text);
    console.log(`${failed === 0 ? "NOT NOTICED" : `noticed by ${failed} tests`}: ${name}`);
    if (failed === 0) missed++;
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}
process.exit(missed === 0 ? 0 : 1);

function copyRepository() {
  const left = new Set([".git", "node_modules", ".turbo"]);
  cpSync(root, work, {
    recursive: true,
    verbatimSymlinks: true,
    filter: (from) => !left.has(relative(root, from)),
  });
  symlinkSync(join(root, "node_modules"), join(work, "node_modules"));
}

/** How many tests of a folder fail in the copy. */
function failures(tests) {
  const results = join(work, "results.json");
  rmSync(results, { force: true });
  const vitest = join(work, "node_modules", "vitest", "vitest.mjs");
  const args = ["run", `test/${tests}`, "--reporter=json", `--outputFile=${results}`];
  const { stderr } = spawnSync(process.execPath, [vitest, ...args], {
    cwd: join(work, "packages/testing"),
    encoding: "utf8",
    timeout: 300_000,
  });
  let report;
  try {
    report = JSON.parse(readFileSync(results, "utf8"));
  } catch (error) {
    throw new Error(`vitest left no results\n${stderr}`, { cause: error });
  }
  if (report.numTotalTests === 0) throw new Error(`test/${tests} has no tests`);
  return report.numFailedTests;
}
