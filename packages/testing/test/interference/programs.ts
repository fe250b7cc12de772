/** Programs with a gap that an adversary can use, each with its mended twin. */

import assert from "node:assert/strict";
import { constants } from "node:fs";
import type { NodeFileSystem } from "../../src/calls/node-file-system.ts";
import type { Scenario } from "../../src/scenario/scenario.ts";

const { O_NOFOLLOW, O_WRONLY, O_APPEND, O_DIRECTORY } = constants;

const upload = {
  setup(fs: NodeFileSystem): void {
    fs.writeFileSync("/upload", "mine");
    fs.writeFileSync("/secret", "secret");
  },
  check(fs: NodeFileSystem): void {
    assert.equal(fs.readFileSync("/secret", "utf8"), "secret", "the secret was changed");
  },
};

/** Sees that it is no link, then follows one. */
export const appendInPlace: Scenario = {
  ...upload,
  async run(fs) {
    const stats = await fs.promises.lstat("/upload");
    if (!stats.isFile()) throw new Error("refused");
    const file = await fs.promises.open("/upload", "a");
    await file.write("more");
    await file.close();
  },
};

export const appendInPlaceSync: Scenario = {
  ...upload,
  run(fs) {
    if (!fs.lstatSync("/upload").isFile()) throw new Error("refused");
    const fd = fs.openSync("/upload", "a");
    fs.writeSync(fd, "more");
    fs.closeSync(fd);
  },
};

/** Opens first, without following, and asks what it has opened. */
export const appendNoFollow: Scenario = {
  ...upload,
  async run(fs) {
    const file = await fs.promises.open("/upload", O_WRONLY | O_APPEND | O_NOFOLLOW);
    try {
      if (!(await file.stat()).isFile()) throw new Error("refused");
      await file.write("more");
    } finally {
      await file.close();
    }
  },
};

const state = {
  setup(fs: NodeFileSystem): void {
    fs.mkdirSync("/outside");
    fs.writeFileSync("/state", "public");
  },
  check(fs: NodeFileSystem): void {
    if (!fs.existsSync("/outside/spy")) return;
    const { ino } = fs.statSync("/outside/spy");
    const read = fs.readFileSync("/outside/spy", "utf8");
    // Whoever links to the new file once it has its name reads it, whatever the program does.
    if (ino === fs.statSync("/state").ino && read === "hidden") {
      assert.equal(
        fs.existsSync("/state.old"),
        true,
        "who has the other name reads what was written",
      );
    }
  },
};

/** Writes into whatever inode the name leads to. */
export const writeInPlace: Scenario = {
  ...state,
  run: (fs) => fs.promises.writeFile("/state", "hidden"),
};

/** Gives the name to a new inode; the old one keeps its name of before for the check. */
export const writeReplacing: Scenario = {
  ...state,
  async run(fs) {
    await fs.promises.writeFile("/state.new", "hidden", { flag: "wx" });
    await fs.promises.rename("/state", "/state.old");
    await fs.promises.rename("/state.new", "/state");
  },
};

const log = {
  setup: (fs: NodeFileSystem): void => fs.writeFileSync("/log", "12345"),
  check(fs: NodeFileSystem, { acks, end }: { acks: readonly unknown[]; end: unknown }): void {
    assert.equal(end, "done");
    const copied = fs.readFileSync("/copy", "utf8");
    // The size of the source when it was last looked at is what the copy promises to have.
    assert.equal(copied.length, acks.at(-1), "the copy is shorter than it says");
  },
};

/** Takes the size for the size of what it will read. */
export const copyByStatSize: Scenario<number> = {
  ...log,
  async run(fs, ack) {
    const file = await fs.promises.open("/log");
    const { size } = await file.stat();
    const into = Buffer.alloc(size);
    await file.read(into, 0, size, 0);
    await fs.promises.writeFile("/copy", into);
    ack((await file.stat()).size);
    await file.close();
  },
};

/** Reads until there is no more, and says what it has read. */
export const copyToTheEnd: Scenario<number> = {
  ...log,
  async run(fs, ack) {
    const content = await fs.promises.readFile("/log");
    await fs.promises.writeFile("/copy", content);
    ack(content.length);
  },
};

const work = {
  setup(fs: NodeFileSystem): void {
    fs.mkdirSync("/work");
    fs.writeFileSync("/work/a", "a");
  },
};

/** Believes that what it has listed is what it finds under the same path a moment later. */
export const emptyDirectory: Scenario = {
  ...work,
  async run(fs) {
    const names = await fs.promises.readdir("/work");
    for (const name of names) await fs.promises.rm(`/work/${name}`, { force: true });
  },
  check(fs, { end }) {
    if (end !== "done") return;
    const gone = ["/work", "/work.aside"].every((dir) => !fs.existsSync(`${dir}/a`));
    assert.equal(gone, true, "it said that it was done, and the file is there");
  },
};

/** Looks at the end whether it is still the directory that it has begun with. */
export const emptyHeldDirectory: Scenario = {
  ...work,
  async run(fs) {
    const held = await fs.promises.open("/work", O_DIRECTORY);
    try {
      const names = await fs.promises.readdir("/work");
      if (names.length === 0) throw new Error("another directory");
      for (const name of names) await fs.promises.unlink(`/work/${name}`);
      const [before, after] = [await held.stat(), await fs.promises.lstat("/work")];
      if (before.ino !== after.ino) throw new Error("another directory");
    } finally {
      await held.close();
    }
  },
  check(fs, { end }) {
    if (end !== "done") return;
    assert.equal(fs.existsSync("/work/a") || fs.existsSync("/work.aside/a"), false);
  },
};

const key = {
  setup: (fs: NodeFileSystem): void => fs.writeFileSync("/key", "true"),
  check(_fs: NodeFileSystem, { acks }: { acks: readonly unknown[] }): void {
    assert.equal(acks.includes("forged"), false, "a forged key was taken");
  },
};

/** Looks before and after, by name, and takes what it has read in between. */
export const readChecked: Scenario<string> = {
  ...key,
  async run(fs, ack) {
    const before = await fs.promises.lstat("/key");
    const file = await fs.promises.open("/key");
    const { buffer, bytesRead } = await file.read(Buffer.alloc(16), 0, 16, 0);
    await file.close();
    const after = await fs.promises.lstat("/key");
    if (before.ino !== after.ino) throw new Error("changed");
    // Before the first lstat the forged one is there all along: not what this program guards against.
    const text = buffer.toString("utf8", 0, bytesRead);
    if (before.size === 4) ack(text);
  },
};

/** Compares with what it has opened. */
export const readPinned: Scenario<string> = {
  ...key,
  async run(fs, ack) {
    const before = await fs.promises.lstat("/key");
    const file = await fs.promises.open("/key");
    const opened = await file.stat();
    const { buffer, bytesRead } = await file.read(Buffer.alloc(16), 0, 16, 0);
    await file.close();
    if (before.ino !== opened.ino) throw new Error("changed");
    if (before.size === 4) ack(buffer.toString("utf8", 0, bytesRead));
  },
};
