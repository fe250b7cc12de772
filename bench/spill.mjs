// Streams generated output into a spill store and prints by how much the process grew, and how long it
// took beside a plain pipeline to createWriteStream on the same disk, with a flush at its end. Exits with 1 above the bar.
//   node bench/spill.mjs [--bytes 1073741824] [--dir DIR] [--rounds 3] [--bar-mib 64]
import { spawnSync } from "node:child_process";
import { createWriteStream } from "node:fs";
import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const mib = 1024 * 1024;
const chunkBytes = 64 * 1024;
const { values: options } = parseArgs({
  options: {
    bytes: { type: "string", default: String(1024 * mib) },
    dir: { type: "string", default: tmpdir() },
    rounds: { type: "string", default: "3" },
    "bar-mib": { type: "string", default: "64" },
    only: { type: "string" },
  },
});
const bytes = Number(options.bytes);

const ways = {
  async spill(directory) {
    const { openSpillStore } = await import("@holdfast/spill");
    const store = await openSpillStore({
      root: directory,
      session: "bench",
      maxFileBytes: Infinity,
      maxSessionBytes: Infinity,
      maxStoreBytes: Infinity,
    });
    return async (content) => {
      const result = await store.spill("output", content);
      if (!result.spilled || result.bytes !== bytes) throw result.error ?? new Error("not spilled");
    };
  },
  async "plain pipeline"(directory) {
    const path = join(directory, "output");
    return async (content) => {
      await pipeline(Readable.from(content), createWriteStream(path));
      const file = await open(path);
      await file.sync();
      await file.close();
    };
  },
};

if (options.only) console.log(JSON.stringify(await measure(ways[options.only])));
else compare();

/** In turns, each run in a process of its own: a heap that one of them grew would hide the next one's. */
function compare() {
  const runs = Object.fromEntries(Object.keys(ways).map((name) => [name, []]));
  for (let round = 0; round < Number(options.rounds); round++) {
    for (const name of Object.keys(ways)) runs[name].push(runAlone(name));
  }
  const best = (name) => Math.min(...runs[name].map(({ seconds }) => seconds));
  const most = (name, what) => Math.max(...runs[name].map((run) => run[what])) / mib;
  for (const name of Object.keys(ways)) {
    console.log(
      `${name.padEnd(14)} ${best(name).toFixed(2)} s, grew by ${most(name, "rss").toFixed(1)} MiB` +
        ` (heap and external ${most(name, "held").toFixed(1)} MiB)`,
    );
  }
  const [ours, plain] = [best("spill"), best("plain pipeline")];
  console.log(
    `${(bytes / mib).toFixed(0)} MiB; best of ${options.rounds}: ${(ours / plain).toFixed(2)} times the plain one`,
  );
  if (most("spill", "rss") > Number(options["bar-mib"])) process.exitCode = 1;
}

function runAlone(name) {
  const args = [fileURLToPath(import.meta.url), ...process.argv.slice(2), "--only", name];
  const child = spawnSync(process.execPath, args, {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (child.status !== 0) throw new Error(`${name} failed`);
  return JSON.parse(child.stdout);
}

async function measure(way) {
  const directory = await mkdtemp(join(options.dir, "holdfast-bench-"));
  try {
    const run = await way(directory);
    const held = () => {
      const { heapUsed, external } = process.memoryUsage();
      return heapUsed + external;
    };
    const before = { rss: process.memoryUsage.rss(), held: held() };
    const grown = { rss: 0, held: 0 };
    async function* content() {
      for (let left = bytes; left > 0; left -= chunkBytes) {
        // Fresh bytes each time, as a tool's are.
        yield Buffer.alloc(Math.min(chunkBytes, left), `${left} of ${bytes}\n`);
        grown.rss = Math.max(grown.rss, process.memoryUsage.rss() - before.rss);
        grown.held = Math.max(grown.held, held() - before.held);
      }
    }
    const start = performance.now();
    await run(content());
    return { ...grown, seconds: (performance.now() - start) / 1000 };
  } finally {
    await rm(directory, { recursive: true });
  }
}
