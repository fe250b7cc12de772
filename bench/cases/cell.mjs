/**
 * One row of circumstances under which all candidates are measured against each other.
 *
 * @typedef {object} Cell
 * @property {string} name  slash-separated, for `--case`
 * @property {string} kind  cells of one kind make the same calls: flushes are counted once per kind
 * @property {number} files  how many files one run handles at once
 * @property {boolean} [sync]
 * @property {boolean} [heavy]  left out by `--quick`
 * @property {(candidate: import("../candidates/candidate.mjs").Candidate) => boolean} can
 * @property {() => Stage} open
 *
 * @typedef {object} Stage  the files that one cell works on
 * @property {string} dir
 * @property {() => void} [before]  not timed
 * @property {(candidate: import("../candidates/candidate.mjs").Candidate) => unknown} run  timed
 * @property {() => void} [after]  not timed
 * @property {() => void} settle  not timed, before each batch
 * @property {() => void} close
 */

import { closeSync, fsyncSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { join } from "node:path";

export const sizes = { "1KiB": 1024, "4KiB": 4096, "64KiB": 65_536, "8MiB": 8_388_608 };

const open = new Set();
process.on("exit", () => {
  for (const dir of open) rmSync(dir, { recursive: true, force: true });
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => process.exit(1));

/** A scratch folder that does not outlive the process. */
export function scratch(place) {
  const dir = mkdtempSync(join(place, "holdfast-bench-"));
  open.add(dir);
  return {
    dir,
    // What an earlier candidate left unflushed would be flushed at the cost of the next one.
    settle() {
      const handle = openSync(dir, "r");
      fsyncSync(handle);
      closeSync(handle);
    },
    close() {
      rmSync(dir, { recursive: true, force: true });
      open.delete(dir);
    },
  };
}
