// Streams generated content through replaceFileAtomic and prints by how much the process grew.
// Exits with 1 above the bar.
//   node bench/stream-memory.mjs [--bytes 1073741824] [--dir DIR] [--bar-mib 64]
import { spawnSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { open, rename } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { scratch } from "./cases/cell.mjs";
import { table } from "./report.mjs";

const chunkBytes = 65_536;
const mib = 1024 * 1024;
const { values: options } = parseArgs({
  options: {
    bytes: { type: "string", default: String(1024 * mib) },
    dir: { type: "string", default: tmpdir() },
    "bar-mib": { type: "string", default: "64" },
    only: { type: "string" },
  },
});

const writers = {
  async holdfast(filePath, content) {
    const { replaceFileAtomic } = await import("@holdfast/atomic");
    return () => replaceFileAtomic({ filePath, content });
  },
  async "plain node:fs"(filePath, content) {
    return async () => {
      const file = await open(`${filePath}.staged`, "wx");
      for await (const chunk of content) await file.write(chunk);
      await file.sync();
      await file.close();
      await rename(`${filePath}.staged`, filePath);
    };
  },
};

if (options.only) console.log(JSON.stringify(await grow(writers[options.only])));
else compareAll();

/** Each writer in a process of its own: a heap that one of them grew would hide the next one's. */
function compareAll() {
  const bar = Number(options["bar-mib"]);
  const rows = Object.keys(writers).map((name) => {
    const self = fileURLToPath(import.meta.url);
    const child = spawnSync(process.execPath, [self, ...process.argv.slice(2), "--only", name], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "inherit"],
    });
    if (child.status !== 0) {
      process.exitCode = 1;
      return [name, "failed"];
    }
    const { growth, sampled, seconds } = JSON.parse(child.stdout);
    if (name === "holdfast" && growth >= bar * mib) process.exitCode = 1;
    return [name, ...[growth, sampled].map((n) => `${(n / mib).toFixed(1)} MiB`), `${seconds} s`];
  });
  console.log(
    `${Number(options.bytes) / mib} MiB streamed in chunks of 64 KiB, Node ${process.version}`,
  );
  console.log(table(["", "peak growth", "sampled", "took"], rows));
  console.log(`bar: holdfast below ${bar} MiB: ${process.exitCode ? "MISSED" : "met"}`);
}

async function grow(writer) {
  const folder = scratch(options.dir);
  const path = join(folder.dir, "large.bin");
  const bytes = Number(options.bytes);
  let sampled = 0;
  const sample = () => {
    sampled = Math.max(sampled, process.memoryUsage.rss());
  };
  // Fresh memory for each chunk: a writer that kept what it was given would be seen to grow, which
  // it would not if one buffer were handed out again and again.
  async function* content() {
    for (let sent = 0; sent < bytes; sent += chunkBytes) {
      if (sent % (16 * chunkBytes) === 0) sample();
      yield Buffer.alloc(Math.min(chunkBytes, bytes - sent), sent & 0xff);
    }
  }
  const write = await writer(path, content());
  const before = process.memoryUsage.rss();
  const started = performance.now();
  await write();
  sample();
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  if (!existsSync(path) || statSync(path).size !== bytes) throw new Error("it is not all there");
  folder.close();
  // The kernel's own high-water mark misses no peak between two samples.
  const peak = Math.max(process.resourceUsage().maxRSS * 1024, sampled);
  return { growth: peak - before, sampled: sampled - before, seconds };
}
