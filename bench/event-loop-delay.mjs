// How long the event loop is held up while files are replaced, on memory, on a disk and on a disk
// that is slow on purpose.
//   node bench/event-loop-delay.mjs [--seconds 3] [--dir DIR] [--slow-dir DIR]
//                                   [--read-ms 8 --write-ms 2 --flush-ms 10] [--json FILE]
import { fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { release } from "node:os";
import { dirname, join } from "node:path";
import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { candidates as holdfast } from "./candidates/holdfast.mjs";
import { candidates as plain } from "./candidates/plain.mjs";
import { scratch } from "./cases/cell.mjs";
import { LoopDelay } from "./loop-delay.mjs";
import { findPlaces } from "./places.mjs";
import { table, time } from "./report.mjs";
import { openSlowDisk } from "./slow-disk.mjs";
import { quantile } from "./statistics.mjs";

const { values: options } = parseArgs({
  options: {
    seconds: { type: "string", default: "3" },
    // About what a spinning disk takes.
    "read-ms": { type: "string", default: "8" },
    "write-ms": { type: "string", default: "2" },
    "flush-ms": { type: "string", default: "10" },
    dir: { type: "string" },
    "slow-dir": { type: "string" },
    json: { type: "string" },
  },
});
const content = randomBytes(4096);
const rows = [];

const { places, notes } = findPlaces(options.dir);
const ways = await waysToReplace(notes);
const slow = await slowDisk(notes);
console.log(
  `Node ${process.version}, kernel ${release()}, 4 KiB files, file and directory flushed`,
);
for (const note of notes) console.log(note);
console.log();

try {
  if (places.tmpfs) await scene("tmpfs", places.tmpfs);
  if (places.disk) await scene("disk", places.disk);
  if (slow) {
    console.log(`slow disk: ${slow.how}\n`);
    await scene("slow disk", slow.dir);
    const neighbour = await startNeighbour(slow.dir);
    try {
      await scene("slow disk, another program flushing", slow.dir);
    } finally {
      await neighbour.stop();
    }
    if (slow.remount) await coldScene("slow disk, nothing cached", slow);
  }
} finally {
  await slow?.close?.();
}
if (options.json) {
  const about = { node: process.version, kernel: release(), slowDisk: slow?.how, notes };
  writeFileSync(options.json, `${JSON.stringify({ about, options, rows }, null, 1)}\n`);
}

async function waysToReplace(notes) {
  // The machine's own noise: what the loop suffers while nothing is replaced.
  const ways = [{ name: "(nothing: 1 ms of sleep)", replace: () => sleep(1) }];
  try {
    for (const candidate of await holdfast()) {
      if (!["holdfast", "holdfast, offload flushes"].includes(candidate.name)) continue;
      ways.push({ name: candidate.name, replace: candidate.replace });
      if (candidate.replaceSync) {
        const replace = async (path, bytes) => candidate.replaceSync(path, bytes);
        ways.push({ name: `${candidate.name}, sync`, replace });
      }
    }
  } catch (error) {
    notes.push(`left out: holdfast: ${error.message}`);
  }
  const [twin] = plain();
  ways.push({ name: twin.name, replace: twin.replace });
  if (ways.length === 2)
    ways.push({ name: `${twin.name}, sync`, replace: async (p, c) => twin.replaceSync(p, c) });
  return ways;
}

async function slowDisk(notes) {
  if (options["slow-dir"]) return { dir: options["slow-dir"], how: options["slow-dir"] };
  try {
    const [readMs, writeMs, flushMs] = ["read-ms", "write-ms", "flush-ms"].map((name) =>
      Number(options[name]),
    );
    const imageDir = places.tmpfs ?? places.disk;
    const disk = await openSlowDisk({ imageDir, readMs, writeMs, flushMs });
    const how = `ext4 on a loop device that takes ${readMs} ms per read, ${writeMs} ms per write and ${flushMs} ms per flush`;
    return { ...disk, how };
  } catch (error) {
    notes.push(`slow disk left out: ${error.message}; name a slow one with --slow-dir`);
    return undefined;
  }
}

/** One at a time, and 16 at a time. */
async function scene(name, place) {
  for (const atOnce of [1, 16]) {
    const measured = ways.map((way) => ({ way, delay: new LoopDelay(), replaced: 0 }));
    const folder = scratch(place);
    const paths = Array.from({ length: atOnce }, (_, n) => join(folder.dir, `state-${n}.json`));
    for (const path of paths) writeFileSync(path, content);
    // Four slices of each in turn: a slow phase of the machine hits all.
    const sliceMs = (Number(options.seconds) * 1000) / 4;
    for (let slice = 0; slice < 4; slice++)
      for (const entry of measured) {
        folder.settle();
        await keepReplacing(entry, paths, sliceMs);
      }
    report(`${name}, ${atOnce === 1 ? "one at a time" : `${atOnce} at a time`}`, measured);
    folder.close();
  }
}

/**
 * The first replacement after a mount: every directory entry and inode that it looks up has to come
 * from the device, also for calls that are cheap later on.
 */
async function coldScene(name, slow) {
  const trials = 10;
  const folder = scratch(slow.dir);
  const deep = (n) => join(folder.dir, `a-${n}`, `b-${n}`, "state.json");
  for (let n = 0; n < trials * ways.length; n++) {
    mkdirSync(dirname(deep(n)), { recursive: true });
    writeFileSync(deep(n), content);
  }
  folder.settle();
  const measured = ways.map((way) => ({
    way,
    delay: new LoopDelay(),
    replaced: 0,
    stalls: [],
  }));
  for (let n = 0; n < trials; n++)
    for (const [index, entry] of measured.entries()) {
      await slow.remount();
      entry.delay.longest = 0;
      entry.delay.start();
      await entry.way.replace(deep(n * ways.length + index), content);
      entry.delay.stop();
      entry.stalls.push(entry.delay.longest);
      entry.replaced++;
    }
  folder.close();
  for (const { delay, stalls } of measured) delay.longest = Math.max(...stalls);
  report(`${name}, first replacement`, measured);
  console.log(`longest turn of each of the ${trials} first replacements: median, quartiles`);
  const quartiles = ({ way, stalls }) => [
    way.name,
    ...[0.5, 0.25, 0.75].map((q) => time(quantile(stalls, q))),
  ];
  console.log(table(["", "median", "25%", "75%"], measured.map(quartiles)));
}

async function keepReplacing(entry, paths, forMs) {
  entry.delay.start();
  const until = performance.now() + forMs;
  await Promise.all(
    paths.map(async (path) => {
      while (performance.now() < until) {
        await entry.way.replace(path, content);
        entry.replaced++;
        // A synchronous replacement gives the loop no turn of its own.
        await new Promise((resolve) => setImmediate(resolve));
      }
    }),
  );
  entry.delay.stop();
}

function report(name, measured) {
  const result = measured.map(({ way, delay, replaced, stalls }) => ({
    scene: name,
    way: way.name,
    p50: delay.wait(0.5),
    p99: delay.wait(0.99),
    longest: delay.longest,
    stalls,
    stalledShare: delay.shareInTurnsOver(5),
    replaced,
    perSecond: (replaced * 1000) / delay.total,
  }));
  rows.push(...result);
  console.log(name);
  console.log(
    table(
      ["", "wait p50", "p99", "longest turn", "stalled > 5 ms", "replaced/s"],
      result.map((row) => [
        row.way,
        time(row.p50),
        time(row.p99),
        time(row.longest),
        `${(row.stalledShare * 100).toFixed(1)}%`,
        row.perSecond < 100 ? row.perSecond.toPrecision(3) : row.perSecond.toFixed(0),
      ]),
    ),
  );
  console.log();
}

async function startNeighbour(dir) {
  const child = fork(fileURLToPath(new URL("busy-neighbour.mjs", import.meta.url)), [dir]);
  const exited = new Promise((resolve) => child.once("exit", resolve));
  await new Promise((resolve, reject) => {
    child.once("message", resolve);
    child.once("error", reject);
  });
  return {
    stop() {
      child.disconnect();
      return exited;
    },
  };
}
