// Runs every test of the repository (already built) and ends with the totals, alone on a line:
//   N passed, N failed[, N skipped]
// Exit code 1 if a test failed, if vitest itself failed, or if no test ran at all.
//   node scripts/test.mjs [VITEST-ARGS]...        e.g. packages/atomic -t symlink
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const results = mkdtempSync(join(tmpdir(), "holdfast-test-"));
let status;
let report;
try {
  const json = join(results, "results.json");
  ({ status } = spawnSync(
    process.execPath,
    [
      join(root, "node_modules", "vitest", "vitest.mjs"),
      "run",
      "--reporter=default",
      "--reporter=json",
      `--outputFile.json=${json}`,
      ...process.argv.slice(2),
    ],
    { cwd: root, stdio: ["ignore", "inherit", "inherit"] },
  ));
  if (existsSync(json)) report = JSON.parse(readFileSync(json, "utf8"));
} finally {
  rmSync(results, { recursive: true, force: true });
}

let passed = 0;
let failed = 0;
const skipped = [];
for (const file of report?.testResults ?? []) {
  const name = relative(root, file.name);
  for (const test of file.assertionResults) {
    if (test.status === "passed") passed++;
    else if (test.status === "failed") failed++;
    else skipped.push(`${name}: ${test.fullName}`);
  }
  if (file.status === "failed" && !file.assertionResults.some((test) => test.status === "failed")) {
    failed++; // the file could not be loaded, or a hook of it failed: its tests never had a chance
    console.log(`failed as a whole: ${name}`);
  }
}
for (const test of skipped) console.log(`not run: ${test}`);
if (!report) console.log("vitest left no results");
else if (passed + failed === 0) console.log("no test ran");
else if (status !== 0 && failed === 0) console.log(`vitest failed outside of any test (${status})`);
const totals = [`${passed} passed`, `${failed} failed`];
if (skipped.length > 0) totals.push(`${skipped.length} skipped`);
console.log(totals.join(", "));
process.exit(status === 0 && failed === 0 && passed > 0 ? 0 : 1);
