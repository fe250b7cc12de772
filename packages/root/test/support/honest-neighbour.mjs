// Somebody who works in the same directory and means no harm, until its parent is gone or kills it:
// node honest-neighbour.mjs <directory> <what> <pause in ms>
import * as fs from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createFileAtomicSync, replaceFileAtomicSync } from "@holdfast/atomic";

const [directory, what, pause] = process.argv.slice(2);
const at = (path) => join(directory, path);
const parent = process.ppid;
const whole = (round) => ({
  filePath: at("a/b/file.txt"),
  content: `whole ${round} whole`,
  syncTempFile: false,
});

const work = {
  "replaces atomically"(round) {
    replaceFileAtomicSync(whole(round));
  },
  "renames over"(round) {
    fs.writeFileSync(at("a/b/.staged"), `whole ${round} whole`);
    fs.renameSync(at("a/b/.staged"), at("a/b/file.txt"));
  },
  "creates and removes"(round) {
    fs.rmSync(at("a/b/file.txt"), { force: true });
    createFileAtomicSync(whole(round));
  },
  "renames directories"() {
    fs.renameSync(at("a/b"), at("c/moved"));
    fs.renameSync(at("c/moved"), at("a/b"));
    fs.renameSync(at("a"), at("c/a"));
    fs.renameSync(at("c/a"), at("a"));
  },
  "removes and makes again"(round) {
    fs.rmSync(at("a/b/file.txt"), { force: true });
    fs.rmSync(at("a/b/tree"), { recursive: true, force: true });
    fs.mkdirSync(at("a/b/tree/sub"), { recursive: true });
    fs.writeFileSync(at("a/b/tree/sub/y.txt"), "y");
    fs.writeFileSync(at("a/b/file.txt"), `whole ${round} whole`);
  },
  appends() {
    fs.appendFileSync(at("a/b/grows.txt"), "more\n");
    if (fs.statSync(at("a/b/grows.txt")).size > 100_000) fs.truncateSync(at("a/b/grows.txt"));
  },
}[what];

process.stdout.write("ready\n");
for (let round = 0; process.ppid === parent; round++) {
  try {
    work(round);
  } catch (error) {
    // The other side works here too: it may have been quicker.
    if (!["ENOENT", "EEXIST", "ENOTEMPTY"].includes(error.code)) throw error;
  }
  if (Number(pause) > 0) await sleep(Number(pause));
}
