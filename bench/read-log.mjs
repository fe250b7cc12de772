// Reads a large log with readJsonLog and prints by how much the process grew, and how fast it was beside
// JSON.parse over lines that are in memory already. Exits with 1 if a bar is missed.
//   node bench/read-log.mjs [--bytes 1073741824] [--dir DIR] [--node 24] [--bar-mib 100] [--bar-rate 0.5]
import { spawnSync } from "node:child_process";
import { closeSync, openSync, readSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { scratch } from "./cases/cell.mjs";
import { newerNode } from "./newer-node.mjs";
import { table } from "./report.mjs";

const mib = 1024 * 1024;
const { values: options } = parseArgs({
  options: {
    bytes: { type: "string", default: String(1024 * mib) },
    dir: { type: "string", default: tmpdir() },
    node: { type: "string", default: "current" },
    "bar-mib": { type: "string", default: "100" },
    "bar-rate": { type: "string", default: "0.5" },
    only: { type: "string" },
    log: { type: "string" },
  },
});

const jobs = { read, "read with validate": readValidated, parse };

if (options.only) console.log(JSON.stringify(await jobs[options.only](options.log)));
else compareAll();

/** Each in a process of its own: a heap that one of them grew would hide the next one's. */
function compareAll() {
  const folder = scratch(options.dir);
  const log = join(folder.dir, "large.jsonl");
  const records = generate(log, Number(options.bytes));
  const node = options.node === "current" ? process.execPath : newerNode(options.node);
  const runs = {};
  // Before and after, for a machine that others use too: the better one counts, against us.
  for (const name of ["parse", "read", "read with validate", "parse"]) {
    const self = fileURLToPath(import.meta.url);
    const child = spawnSync(node, [self, "--only", name, "--log", log], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "inherit"],
    });
    if (child.status !== 0) throw new Error(`${name} failed`);
    const run = JSON.parse(child.stdout);
    if (name.startsWith("read") && run.records !== records) {
      throw new Error(`${name}: ${run.records} records of ${records}`);
    }
    if (!(runs[name]?.rate > run.rate)) runs[name] = run;
  }
  folder.close();
  const against = runs.parse.rate;
  const rows = Object.entries(runs).map(([name, { growth, rate }]) => [
    name,
    growth === undefined ? "" : `${(growth / mib).toFixed(1)} MiB`,
    `${(rate / mib).toFixed(0)} MiB/s`,
    (rate / against).toFixed(2),
  ]);
  console.log(`${Number(options.bytes) / mib} MiB, ${records} records, Node ${runs.parse.version}`);
  console.log(table(["", "peak growth", "rate", "/ parse"], rows));
  const { growth, rate } = runs.read;
  judge(`read grows by less than ${options["bar-mib"]} MiB`, growth < options["bar-mib"] * mib);
  judge(`read is at least ${options["bar-rate"]} of parse`, rate / against >= options["bar-rate"]);
}

function judge(bar, isMet) {
  if (!isMet) process.exitCode = 1;
  console.log(`bar: ${bar}: ${isMet ? "met" : "MISSED"}`);
}

/** Records of about 200 bytes, as programs log them; one of five is not all ASCII. */
function generate(path, bytes) {
  const words = "build cache commit error file index merge parse queue retry stage token".split(
    " ",
  );
  const others = ["größe", "naïve", "日本語", "ошибка", "✓", "😀"];
  const file = openSync(path, "wx");
  let state = 1;
  const next = (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) % below;
  };
  let records = 0;
  for (let written = 0; written < bytes;) {
    const lines = [];
    for (let length = 0; length < mib; records++) {
      const text = Array.from({ length: 8 + next(10) }, () => words[next(words.length)]);
      if (records % 5 === 0) text[next(text.length)] = others[next(others.length)];
      const line = JSON.stringify({
        id: records,
        time: new Date(1_700_000_000_000 + records * 37).toISOString(),
        role: ["user", "assistant", "tool"][next(3)],
        text: text.join(" "),
        usage: { input: next(5000), output: next(500), ratio: next(1000) / 7 },
        tags: [words[next(12)], words[next(12)]],
      });
      lines.push(line);
      length += line.length + 1;
    }
    const chunk = Buffer.from(`${lines.join("\n")}\n`);
    writeSync(file, chunk);
    written += chunk.length;
  }
  closeSync(file);
  return records;
}

function read(path) {
  return measureRead(path, {});
}

function readValidated(path) {
  return measureRead(path, { validate: (value) => value });
}

async function measureRead(path, readOptions) {
  const { readJsonLog } = await import("@holdfast/json");
  let sampled = 0;
  let records = 0;
  let end = 0;
  const before = process.memoryUsage.rss();
  const started = performance.now();
  for await (const record of readJsonLog(path, readOptions)) {
    end = record.offset + record.length;
    if (records++ % 10_000 === 0) sampled = Math.max(sampled, process.memoryUsage.rss());
  }
  const rate = end / ((performance.now() - started) / 1000);
  // The kernel's own high-water mark misses no peak between two samples.
  const peak = Math.max(process.resourceUsage().maxRSS * 1024, sampled);
  return { rate, growth: peak - before, records, version: process.version };
}

/** What reading costs at least: the values themselves, with the lines at hand. */
function parse(path) {
  const buffer = Buffer.alloc(128 * mib);
  const file = openSync(path, "r");
  const length = readSync(file, buffer, 0, buffer.length, 0);
  closeSync(file);
  const whole = buffer.lastIndexOf(10, length - 1) + 1;
  const lines = [];
  for (let at = 0; at < whole;) {
    const end = buffer.indexOf(10, at);
    lines.push(buffer.toString("utf8", at, end));
    at = end + 1;
  }
  const started = performance.now();
  let found = 0;
  for (const line of lines) if (JSON.parse(line) !== undefined) found++;
  const rate = whole / ((performance.now() - started) / 1000);
  if (found !== lines.length) throw new Error("not all of them are there");
  return { rate, version: process.version };
}
