import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { needs } from "../../../atomic/test/support/needs.ts";
import { tempDir } from "../../../atomic/test/support/temp-dir.ts";
import { callsOf, outcomeOf, program } from "./programs.ts";

vi.setConfig({ testTimeout: 60_000 });

const replaced = ["open a.tmp w", "write a.tmp 3", "rename a.tmp -> a"];

describe.runIf(needs("posix", "node"))("however a program comes by node:fs", () => {
  it.each<[string, string, "mjs" | "cjs"]>([
    [
      "named imports",
      `import { writeFileSync, renameSync } from "node:fs";
       writeFileSync("a.tmp", "new"); renameSync("a.tmp", "a");`,
      "mjs",
    ],
    [
      "a default import",
      `import fs from "fs"; fs.writeFileSync("a.tmp", "new"); fs.renameSync("a.tmp", "a");`,
      "mjs",
    ],
    [
      "require, taken apart",
      `const { writeFileSync, renameSync } = require("fs");
       writeFileSync("a.tmp", "new"); renameSync("a.tmp", "a");`,
      "cjs",
    ],
    [
      "callbacks",
      `const fs = require("node:fs");
       fs.writeFile("a.tmp", "new", () => fs.rename("a.tmp", "a", () => {}));`,
      "cjs",
    ],
    [
      "named imports of fs/promises",
      `import { writeFile, rename } from "node:fs/promises";
       await writeFile("a.tmp", "new"); await rename("a.tmp", "a");`,
      "mjs",
    ],
    [
      "fs.promises",
      `import { promises as fs } from "node:fs";
       await fs.writeFile("a.tmp", Buffer.from("new")); await fs.rename("a.tmp", "a");`,
      "mjs",
    ],
    [
      "util.promisify",
      `import fs from "node:fs"; import { promisify } from "node:util";
       await promisify(fs.writeFile)("a.tmp", "new"); await promisify(fs.rename)("a.tmp", "a");`,
      "mjs",
    ],
    [
      "URLs and Buffers as paths",
      `import { writeFileSync, renameSync } from "node:fs"; import { pathToFileURL } from "node:url";
       writeFileSync(pathToFileURL("a.tmp"), "new"); renameSync(Buffer.from("a.tmp"), "a");`,
      "mjs",
    ],
    [
      "a stream",
      `import { createWriteStream, renameSync } from "node:fs";
       createWriteStream("a.tmp").on("close", () => renameSync("a.tmp", "a")).end("new");`,
      "mjs",
    ],
    [
      "a stream over a FileHandle",
      `import { open, rename } from "node:fs/promises"; import { pipeline } from "node:stream/promises";
       await pipeline(["new"], (await open("a.tmp", "w")).createWriteStream());
       await rename("a.tmp", "a");`,
      "mjs",
    ],
  ])("%s", async (_, text, extension) => {
    expect(await callsOf(program(text, extension))).toEqual(replaced);
  });

  it("a FileHandle, each method", async () => {
    const text = `
      import { open, writeFile, appendFile } from "node:fs/promises";
      const handle = await open("a", "w+", 0o600);
      const { bytesWritten } = await handle.write(Buffer.from("12345"), 1, 3);
      await handle.write("text", 0);
      await handle.writev([Buffer.from("ab"), Buffer.from("c")]);
      await handle.writeFile("whole");
      await writeFile(handle, "more");
      await handle.appendFile("end");
      await appendFile(handle, "!");
      await handle.truncate(2);
      await handle.chmod(0o640);
      await handle.chown(process.getuid(), process.getgid());
      await handle.utimes(1, 2);
      await handle.sync();
      await handle.datasync();
      const unawaited = handle.write("late");
      await handle.close();
      await unawaited;
      if (bytesWritten !== 3) throw new Error("a result is missing");
      if (handle.constructor.name !== "FileHandle") throw new Error("not Node's own");`;
    expect(await callsOf(program(text))).toEqual([
      "open a w+",
      "write a 3",
      "write a 4",
      "write a 2",
      "write a 1",
      "write a 5",
      "write a 4",
      "write a 3",
      "write a 1",
      "ftruncate a 2",
      "fchmod a 0640",
      `fchown a ${process.getuid!()}:${process.getgid!()}`,
      "futimes a",
      "fsync a",
      "fdatasync a",
      "write a 4",
    ]);
  });

  it("descriptors, with callbacks and without; util.promisify(fs.write) has its named results", async () => {
    const text = `
      import fs from "node:fs"; import { promisify } from "node:util";
      const fd = fs.openSync("a", "wx");
      fs.writeSync(fd, "12345", 0, "latin1");
      fs.writevSync(fd, [Buffer.from("ab"), Buffer.from("cde")]);
      fs.ftruncateSync(fd, 1); fs.fchmodSync(fd, 0o600); fs.futimesSync(fd, 1, 1);
      fs.fsyncSync(fd); fs.fdatasyncSync(fd); fs.closeSync(fd);
      const again = await promisify(fs.open)("a", "a");
      const { bytesWritten } = await promisify(fs.write)(again, Buffer.from("xyz"));
      if (bytesWritten !== 3) throw new Error("promisify lost its results");
      await promisify(fs.fsync)(again);
      fs.closeSync(again);
      fs.writeSync(1, "not below the directory");`;
    expect(await callsOf(program(text))).toEqual([
      "open a wx",
      "write a 5",
      "write a 2",
      "write a 3",
      "ftruncate a 1",
      "fchmod a 0600",
      "futimes a",
      "fsync a",
      "fdatasync a",
      "open a a",
      "write a 3",
      "fsync a",
    ]);
  });

  it("names: links, directories, modes, times", async () => {
    const text = `
      import fs from "node:fs"; import { promises } from "node:fs";
      fs.mkdirSync("d"); fs.writeFileSync("a", ""); fs.linkSync("a", "b");
      fs.symlinkSync("a", "l"); fs.unlinkSync("b"); fs.rmdirSync("d");
      fs.chmodSync("a", 0o600); fs.utimesSync("a", 1, 1); fs.lutimesSync("l", 1, 1);
      fs.truncateSync("a", 4); await promises.truncate("a", 2);
      fs.lchownSync("l", process.getuid(), process.getgid());
      const made = await promises.mkdtemp("t-");
      await promises.rmdir(made);`;
    const calls = await callsOf(program(text));
    expect(calls.map((line) => line.replace(/t-\w{6}$/, "t-…"))).toEqual([
      "mkdir d",
      "open a w",
      "link a -> b",
      "symlink a -> l",
      "unlink b",
      "rmdir d",
      "chmod a 0600",
      "utimes a",
      "lutimes l",
      "truncate a 4",
      "truncate a 2",
      `lchown l ${process.getuid!()}:${process.getgid!()}`,
      "mkdtemp t-",
      "rmdir t-…",
    ]);
  });
});

describe.runIf(needs("posix", "node"))("what Node does in several calls", () => {
  const prepare = (dir: string): void => {
    mkdirSync(join(dir, "from/in"), { recursive: true });
    writeFileSync(join(dir, "from/in/f"), "content");
  };

  it.each([
    ["mkdirSync", `fs.mkdirSync("x/y", { recursive: true });`],
    ["mkdir", `await fs.promises.mkdir("x/y", { recursive: true });`],
  ])("%s recursive", async (_, text) => {
    const calls = await callsOf(program(`import fs from "node:fs"; ${text}`));
    expect(calls).toEqual(["mkdir x/y", "mkdir x", "mkdir x/y"]);
  });

  it.each([
    ["rmSync", `fs.rmSync("from", { recursive: true });`],
    ["rm", `await fs.promises.rm("from", { recursive: true, force: true });`],
    ["rm with a callback", `fs.rm("from", { recursive: true }, (e) => { if (e) throw e; });`],
  ])("%s recursive", async (_, text) => {
    const calls = await callsOf(program(`import fs from "node:fs"; ${text}`), prepare);
    expect(calls).toEqual(["unlink from/in/f", "rmdir from/in", "rmdir from"]);
  });

  it.each([
    ["copyFileSync", `fs.copyFileSync("from/in/f", "f");`],
    ["copyFile", `await fs.promises.copyFile("from/in/f", "f");`],
  ])("%s", async (_, text) => {
    const calls = await callsOf(program(`import fs from "node:fs"; ${text}`), prepare);
    expect(calls).toEqual(["open f w, kept", "ftruncate f 0", "fchmod f 0644", "write f 7"]);
  });

  it("cp", async () => {
    const text = `import { cp } from "node:fs/promises"; await cp("from", "to", { recursive: true });`;
    const { calls } = await outcomeOf(program(text), prepare);
    const made = calls.filter(({ error, name }) => error === undefined && name !== "chmod");
    expect(made.map((call) => call.text)).toEqual([
      "mkdir to",
      "mkdir to/in",
      "open to/in/f w, kept",
      "ftruncate to/in/f 0",
      "fchmod to/in/f 0644",
      "write to/in/f 7",
    ]);
  });

  it("appendFile, with its flush", async () => {
    const text = `
      import fs from "node:fs";
      fs.appendFileSync("log", "1"); await fs.promises.appendFile("log", "2");
      fs.writeFileSync("a", "3", { flag: "wx", flush: true });`;
    expect(await callsOf(program(text))).toEqual([
      "open log a",
      "write log 1",
      "open log a",
      "write log 1",
      "open a wx",
      "write a 1",
      "fsync a",
    ]);
  });
});

describe.runIf(needs("posix", "node"))("what counts", () => {
  it("is what is at or below the directory, by whatever path; reading is not", async () => {
    const outside = tempDir();
    const text = `
      import fs from "node:fs";
      fs.writeFileSync(${JSON.stringify(join(outside, "b"))}, "elsewhere");
      const dir = process.env.HOLDFAST_DIR;
      fs.writeFileSync(dir + "/x/../a", "");
      const early = fs.openSync("x/early", "w");
      process.chdir("/");
      fs.writeSync(early, "late"); fs.closeSync(early);
      fs.readFileSync(dir + "/a"); fs.readdirSync(dir); fs.statSync(dir + "/a");
      fs.renameSync(dir + "/a", ${JSON.stringify(join(outside, "c"))});
      fs.fsyncSync(fs.openSync(dir, "r"));
      fs.symlinkSync(dir, ${JSON.stringify(join(outside, "link-to-it"))});`;
    const prepare = (dir: string): void => mkdirSync(join(dir, "x"));
    expect(await callsOf(program(text), prepare)).toEqual([
      "open a w",
      "open x/early w",
      "write x/early 4",
      `rename a -> ${outside}/c`,
      "fsync .",
    ]);
  });

  it("is not the sibling whose name begins alike", async () => {
    const text = `
      import fs from "node:fs"; const dir = process.env.HOLDFAST_DIR;
      fs.mkdirSync(dir + "-twin"); fs.rmdirSync(dir + "-twin"); fs.mkdirSync("own");`;
    expect(await callsOf(program(text))).toEqual(["mkdir own"]);
  });

  it("is what fails, too, with its errno", async () => {
    const text = `
      import fs from "node:fs";
      try { fs.mkdirSync("there"); } catch (error) { if (error.code !== "EEXIST") throw error; }
      await fs.promises.rmdir("missing").catch((error) => console.log(error.message));`;
    const { calls, exit } = await outcomeOf(program(text), (dir) => mkdirSync(join(dir, "there")));
    expect(calls).toMatchObject([
      { index: 1, name: "mkdir", face: "sync", via: "mkdir", paths: ["there"], error: "EEXIST" },
      { index: 2, name: "rmdir", face: "async", paths: ["missing"], error: "ENOENT" },
    ]);
    expect(exit.stdout).toBe("ENOENT: no such file or directory, rmdir 'missing'\n");
  });

  it("is what a program does that a shell has started, and not what it starts itself", async () => {
    const [node, file] = program(`
      import { mkdirSync } from "node:fs"; import { spawnSync } from "node:child_process";
      import { Worker } from "node:worker_threads";
      mkdirSync("mine");
      const text = "require('fs').mkdirSync(process.argv[1] ?? 'of-the-thread')";
      const { status } = spawnSync(process.execPath, ["-e", text, "of-the-child"]);
      if (status !== 0) throw new Error("the child failed");
      await new Promise((resolve) => new Worker(text, { eval: true, argv: [] }).on("exit", resolve));
      mkdirSync("mine-too");`);
    const command = ["sh", "-c", `"$0" "$1"; exit $?`, node!, file!];
    expect(await callsOf(command)).toEqual(["mkdir mine", "mkdir mine-too"]);
  });

  it("leaves NODE_OPTIONS that are there in force", async () => {
    const preloaded = join(tempDir(), "with space.cjs");
    writeFileSync(preloaded, `globalThis.before = "here";`);
    const before = process.env["NODE_OPTIONS"];
    process.env["NODE_OPTIONS"] = `${before ?? ""} --require "${preloaded}"`;
    try {
      const command = program(
        `import { mkdirSync } from "node:fs"; mkdirSync(globalThis.before ?? "lost");`,
      );
      expect(await callsOf(command)).toEqual(["mkdir here"]);
    } finally {
      if (before === undefined) delete process.env["NODE_OPTIONS"];
      else process.env["NODE_OPTIONS"] = before;
    }
  });
});
