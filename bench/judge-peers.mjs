// Judges Holdfast, plain node:fs and its peers by what a power cut and failing calls leave behind, in
// memory: no disk is touched. Writes the table of docs/guarantees/peers.md with --write.
//   node bench/judge-peers.mjs [--write] [--show NAME] [--node 24]
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { formatReport } from "@holdfast/testing";
import { judge, models } from "./judge/judge.mjs";
import { candidates } from "./judge/candidates.mjs";
import { replaceFsBelow } from "./judge/replaced-fs.mjs";
import { newerNode } from "./newer-node.mjs";
import { providePeers } from "./peers.mjs";

const page = new URL("../docs/guarantees/peers.md", import.meta.url);
const { values: options } = parseArgs({
  options: {
    write: { type: "boolean", default: false },
    show: { type: "string" },
    node: { type: "string", default: "24" },
  },
});

const [major] = process.versions.node.split(".");
if (options.node === "current" || options.node === major) await main();
else {
  // Some peers do not run on the oldest Node that Holdfast supports, and a module hook that `require`
  // meets too needs 22.15.
  const self = fileURLToPath(import.meta.url);
  const again = [self, ...process.argv.slice(2), "--node", "current"];
  process.exitCode = spawnSync(newerNode(options.node), again, { stdio: "inherit" }).status ?? 1;
}

async function main() {
  const { load, folder, versions } = await providePeers();
  const replaced = replaceFsBelow(pathToFileURL(`${folder}/`).href);
  const rows = [];
  for (const candidate of candidates) {
    const write = await candidate.writer(load);
    const reports = await judge(candidate, write, replaced);
    rows.push({ candidate, reports });
    if (options.show === candidate.name) {
      for (const report of Object.values(reports)) console.log(formatReport(report));
    }
  }
  const text = table(rows, versions);
  console.log(text);
  if (!options.write) return;
  const before = readFileSync(page, "utf8");
  const after = before.replace(/(<!-- table -->\n)[^]*(<!-- end -->)/, `$1\n${text}\n\n$2`);
  writeFileSync(page, after);
}

/** Markdown; a cell says what was found first, or that nothing was. */
function table(rows, versions) {
  const lines = [
    `| | says | ${models.map((model) => `${model}: whole`).join(" | ")} | acknowledged stays | failing calls |`,
    `| --- | --- | ${models.map(() => "---").join(" | ")} | --- | --- |`,
  ];
  for (const { candidate, reports } of rows) {
    const version = versions[candidate.name] === undefined ? "" : ` ${versions[candidate.name]}`;
    const cells = [
      `${candidate.name}${version}`,
      candidate.says,
      ...models.map((model) => cell(reports[`whole, ${model}`])),
      cell(reports["durable"]),
      cell(reports["faults"]),
    ];
    lines.push(`| ${cells.join(" | ")} |`);
  }
  return lines.join("\n");
}

/** How many cases went wrong, and in which ways. */
function cell({ cases, exhaustive, failed, failures }) {
  const all = exhaustive ? "" : ", not all tried";
  if (failed === 0) return `0 of ${cases}${all}`;
  const kinds = new Set(failures.map(({ message }) => message.split(/[:\n]/, 1)[0]));
  return `**${failed} of ${cases}**${all}: ${[...kinds].join(", ")}`;
}
