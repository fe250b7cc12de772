import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * @typedef {object} Flushes  what one run really did, counted from its system calls
 * @property {number} file
 * @property {number} directory
 * @property {number} late  flushes that began after it had reported success
 * @property {number} onEventLoop  traced calls that were made on the event loop's own thread
 * @property {number} traced
 */

const calls = "fsync,fdatasync,sync_file_range,sync,syncfs,openat,rename,renameat,renameat2";

/**
 * Counts what every candidate flushes, by tracing it, for one cell of each kind.
 * @param {Record<string, string>} places
 * @param {import("./cases/cell.mjs").Cell[]} cells
 * @returns {{ flushes: Record<string, Record<string, Flushes>>, note?: string }}
 */
export function countFlushes(places, cells) {
  const missing = spawnSync("strace", ["-V"]).error;
  if (missing) return { flushes: {}, note: `flushes not counted: no strace (${missing.code})` };
  const names = [...new Map(cells.map((cell) => [cell.kind, cell.name]).toReversed()).values()];
  const dir = mkdtempSync(join(tmpdir(), "holdfast-bench-trace-"));
  const trace = join(dir, "trace");
  const probe = fileURLToPath(new URL("flush-probe.mjs", import.meta.url));
  const work = JSON.stringify({ places, names });
  try {
    const { status, stderr } = spawnSync(
      "strace",
      [
        ...`-f -y -qq -s 4096 -e trace=${calls} -o`.split(" "),
        trace,
        process.execPath,
        probe,
        work,
      ],
      { encoding: "utf8" },
    );
    if (status !== 0) return { flushes: {}, note: `flushes not counted: ${stderr.slice(0, 300)}` };
    return { flushes: readTrace(readFileSync(trace, "utf8")) };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** @param {Flushes} [flushes] */
export function durability(flushes) {
  if (!flushes) return "unknown";
  if (flushes.file === 0) return flushes.directory === 0 ? "nothing" : "directory";
  return flushes.directory === 0 ? "file" : "file+directory";
}

/** Reads the tracer's lines: `THREAD CALL(ARGUMENTS) = RESULT`, descriptors shown as `21</a/b>`. */
function readTrace(text) {
  // Whether a descriptor was a directory's cannot be asked afterwards; but what has something
  // inside it that was opened or renamed is one.
  const directories = new Set();
  for (const [, path] of text.matchAll(/["<](\/[^">]*)[">]/g)) directories.add(dirname(path));

  const all = {};
  let current;
  let late = false;
  let eventLoop;
  for (const line of text.split("\n")) {
    const [, thread, call, rest] = /^(\d+) +(\w+)\((.*)$/.exec(line) ?? [];
    if (!call) continue;
    const marked = /"\/holdfast-bench-mark\/([^"]+)"/.exec(rest);
    if (marked) {
      const [what, kind, name] = JSON.parse(decodeURIComponent(marked[1]));
      eventLoop = thread;
      late = what === "returned";
      if (what === "begin") {
        current = { file: 0, directory: 0, late: 0, onEventLoop: 0, traced: 0 };
        (all[kind] ??= {})[name] = current;
      } else if (what === "failed") delete all[kind]?.[name];
      if (what !== "begin" && what !== "returned") current = undefined;
      continue;
    }
    if (!current) continue;
    const flush = /sync/.test(call) || (call === "openat" && /O_D?SYNC/.test(rest));
    if (flush) current[directories.has(/<(\/[^>]*)>/.exec(rest)?.[1]) ? "directory" : "file"]++;
    if (flush && late) current.late++;
    if (!late) {
      current.traced++;
      if (thread === eventLoop) current.onEventLoop++;
    }
  }
  return all;
}
