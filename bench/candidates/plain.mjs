// The floor: the system calls of a replacement, written by hand on node:fs, with no check of
// anything. One twin per level of durability, so that every candidate has one that does as much.
import {
  closeSync,
  constants,
  fchmodSync,
  fsyncSync,
  lstatSync,
  openSync,
  renameSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { cp, lstat, open, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

const stagedFlags =
  constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0);
let staged = 0;
const stagedName = (path) => join(dirname(path), `.plain-${process.pid}-${staged++}`);

const levels = [
  { name: "plain, file+directory", flushFile: true, flushDirectory: true },
  { name: "plain, file", flushFile: true, flushDirectory: false },
  { name: "plain, no flush", flushFile: false, flushDirectory: false },
];

export function candidates() {
  return [...levels.map(plainCandidate), plainRoot, plainJson];
}

const textOf = (value) => `${JSON.stringify(value, undefined, 2)}\n`;

/** What most programs do: a crash, or a reader, can meet half of it. */
const plainJson = {
  name: "plain, writeFile",
  side: "plain",
  writeJson: (path, value) => writeFile(path, textOf(value)),
  writeJsonSync: (path, value) => writeFileSync(path, textOf(value)),
  updateJson: async (path, fn) =>
    writeFile(path, textOf(fn(JSON.parse(await readFile(path, "utf8"))))),
};

/** What a root is held against: the path joined to the directory, and nothing checked. */
const plainRoot = {
  name: "plain, by path",
  side: "plain",
  root: async (dir) => ({
    read: (path) => readFile(join(dir, path)),
    write: (path, content) =>
      replace(join(dir, path), content, { flushFile: true, flushDirectory: true }),
    list: (path) => readdir(join(dir, path), { withFileTypes: true }),
  }),
};

function plainCandidate({ name, ...flush }) {
  return {
    name,
    side: "plain",
    replace: (path, content) => replace(path, content, flush),
    replaceSync: (path, content) => replaceSync(path, content, flush),
    move: (source, destination) => move(source, destination, flush),
    writeJson: (path, value) => replace(path, Buffer.from(textOf(value)), flush),
    writeJsonSync: (path, value) => replaceSync(path, Buffer.from(textOf(value)), flush),
    // Without a lock.
    updateJson: async (path, fn) =>
      replace(path, Buffer.from(textOf(fn(JSON.parse(await readFile(path, "utf8"))))), flush),
  };
}

async function replace(path, content, { flushFile, flushDirectory }) {
  const { mode } = await lstat(path);
  const temp = stagedName(path);
  const file = await open(temp, stagedFlags, 0o600);
  await file.write(content);
  await file.chmod(mode & 0o7777);
  if (flushFile) await file.sync();
  await rename(temp, path);
  if (flushDirectory) await flushAt(dirname(path));
  await file.close();
}

function replaceSync(path, content, { flushFile, flushDirectory }) {
  const { mode } = lstatSync(path);
  const temp = stagedName(path);
  const file = openSync(temp, stagedFlags, 0o600);
  writeSync(file, content);
  fchmodSync(file, mode & 0o7777);
  if (flushFile) fsyncSync(file);
  renameSync(temp, path);
  if (flushDirectory) {
    const directory = openSync(dirname(path), "r");
    fsyncSync(directory);
    closeSync(directory);
  }
  closeSync(file);
}

async function move(source, destination, flush) {
  try {
    await rename(source, destination);
  } catch (error) {
    if (error.code !== "EXDEV") throw error;
    const temp = stagedName(destination);
    await cp(source, temp, { recursive: true, preserveTimestamps: true });
    if (flush.flushFile) await flushTree(temp, flush.flushDirectory);
    await rename(temp, destination);
    if (flush.flushDirectory) await flushAt(dirname(destination));
    await rm(source, { recursive: true });
    if (flush.flushDirectory) await flushAt(dirname(source));
    return;
  }
  if (flush.flushDirectory) {
    await flushAt(dirname(destination));
    if (dirname(source) !== dirname(destination)) await flushAt(dirname(source));
  }
}

async function flushTree(path, directories) {
  if (!(await lstat(path)).isDirectory()) return flushAt(path);
  for (const name of await readdir(path)) await flushTree(join(path, name), directories);
  if (directories) await flushAt(path);
}

async function flushAt(path) {
  const handle = await open(path, "r");
  await handle.sync();
  await handle.close();
}
