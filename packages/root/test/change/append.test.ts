import { execFileSync } from "node:child_process";
import {
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { faultyFileSystem } from "../../../atomic/test/support/faulty-file-system.ts";
import { needs } from "../../../atomic/test/support/needs.ts";
import { asynchronous, forms, ground } from "../read/support/roots.ts";

describe.runIf(needs("posix")).each(forms)("appendFile, $name", ({ open }) => {
  it("adds at the end, creates with the umask, follows links inside only", async () => {
    const { inside, outside } = ground();
    writeFileSync(join(inside, "f"), "old");
    symlinkSync("f", join(inside, "lf"));
    symlinkSync("made/by/link", join(inside, "dangling"));
    mkdirSync(join(inside, "made", "by"), { recursive: true });
    symlinkSync(join(outside, "x"), join(inside, "out"));
    const { call } = await open(inside);
    await call("appendFile", "lf", "é", "latin1");
    expect(readFileSync(join(inside, "f"), "latin1")).toBe("oldé");
    await call("appendFile", "dangling", new Uint16Array([0x4141]));
    expect(readFileSync(join(inside, "made/by/link"), "utf8")).toBe("AA");
    const before = process.umask(0o027);
    try {
      await call("appendFile", "n", "x", { mode: "777" });
      await call("writeFile", "w", "x", { mode: 0o777 });
      await call("create", "c", "x", { mode: 0o100666 });
    } finally {
      process.umask(before);
    }
    expect(["n", "w", "c"].map((name) => statSync(join(inside, name)).mode & 0o7777)).toEqual([
      0o750, 0o750, 0o640,
    ]);
    const escapes = { code: "ERR_PATH_ESCAPES", effect: "none" };
    await expect(call("appendFile", "out", "x")).rejects.toMatchObject(escapes);
    expect(existsSync(join(outside, "x"))).toBe(false);
    const linked = { code: "ERR_SYMLINK", effect: "none" };
    await expect(call("appendFile", "lf", "x", { symlinks: "refuse" })).rejects.toMatchObject(
      linked,
    );
  });

  it("makes parents only for a file", async () => {
    const { inside } = ground();
    const { call } = await open(inside, { create: true });
    await call("appendFile", "a/b/c", "x");
    await call("appendFile", "a/b/c", "y");
    expect(readFileSync(join(inside, "a/b/c"), "utf8")).toBe("xy");
    for (const method of ["appendFile", "writeFile", "create"]) {
      await expect(call(method, "n/d/", "x")).rejects.toMatchObject({ code: "ENOENT" });
      await expect(call(method, "d/", "x")).rejects.toMatchObject({ code: "EISDIR" });
    }
    expect(existsSync(join(inside, "n"))).toBe(false);
  });

  it.runIf(needs("linux"))("neither waits for a FIFO nor writes to a device", async () => {
    const { inside } = ground();
    execFileSync("mkfifo", [join(inside, "fifo")]);
    symlinkSync("fifo", join(inside, "lfifo"));
    const { call } = await open(inside);
    for (const [method, ...args] of [
      ["appendFile", "x"],
      ["truncate"],
      ["writeFile", "x"],
    ] as const) {
      for (const name of ["fifo", "lfifo"]) {
        const run = call(method, name, ...args);
        await expect(run).rejects.toMatchObject({ code: "ERR_NOT_FILE", effect: "none" });
      }
    }
    await call("chmod", "fifo", 0o600);
    expect(statSync(join(inside, "fifo")).mode & 0o777).toBe(0o600);
  });

  it("says how far it got", async () => {
    const { inside } = ground();
    writeFileSync(join(inside, "f"), "old");
    let written = 0;
    const { fileSystem } = faultyFileSystem({
      plan: ({ name }) => {
        if (name !== "write") return undefined;
        return ++written === 1 ? { atMostBytes: 2 } : { fail: "ENOSPC", when: "before" };
      },
    });
    const { call } = await open(inside, { fileSystem });
    const failed = { code: "ENOSPC", effect: "partial" };
    await expect(call("appendFile", "f", "new")).rejects.toMatchObject(failed);
    expect(readFileSync(join(inside, "f"), "utf8")).toBe("oldne");
    await expect(call("appendFile", "f", "x")).rejects.toMatchObject({ effect: "none" });
    await expect(call("appendFile", "n", "x")).rejects.toMatchObject({ effect: "partial" });
    expect(readFileSync(join(inside, "n"), "utf8")).toBe("");
  });

  it("flushes the file, and the directory of one that it created", async () => {
    const { inside } = ground();
    const { fileSystem, calls } = faultyFileSystem();
    const { call } = await open(inside, { fileSystem });
    const flushes = async (...args: unknown[]): Promise<number> => {
      calls.length = 0;
      await call("appendFile", ...args);
      return calls.filter((line) => line.startsWith("fsync")).length;
    };
    expect(await flushes("f", "x")).toBe(2);
    expect(await flushes("f", "x")).toBe(1);
    expect(await flushes("f", "x", { durable: false })).toBe(0);
    expect(await flushes("g", "x", { durable: false })).toBe(0);
  });

  it("waits out the moment in which somebody creates a file by two names", async () => {
    for (const [method, ...args] of [
      ["appendFile", "x"],
      ["writeFile", "x"],
      ["writeFile", ["x"]],
      ["chmod", 0o600],
      ["truncate"],
    ] as const) {
      const { inside } = ground();
      writeFileSync(join(inside, "staged"), "s");
      linkSync(join(inside, "staged"), join(inside, "f"));
      // However slow the machine is, the moment is not over.
      const clock = vi.spyOn(Date, "now").mockReturnValue(statSync(join(inside, "f")).ctimeMs + 10);
      onTestFinished(() => clock.mockRestore());
      let looks = 0;
      const { fileSystem } = faultyFileSystem({
        plan: ({ name }) => {
          if (name === "fstat" || name === "lstat") looks++;
          if (looks !== 12) return undefined;
          looks++;
          return { act: () => unlinkSync(join(inside, "staged")) };
        },
      });
      const { call } = await open(inside, { fileSystem });
      await call(method, "f", ...args);
      expect(existsSync(join(inside, "staged")), `${method}`).toBe(false);
    }
  });
});

describe.runIf(needs("posix"))("appendFile, asynchronous", () => {
  it("takes pieces as they come", async () => {
    const { inside } = ground();
    const { call } = await asynchronous.open(inside);
    const seen: string[] = [];
    const pieces = async function* (): AsyncGenerator<string | Uint8Array> {
      yield "one ";
      seen.push(readFileSync(join(inside, "f"), "utf8"));
      yield Buffer.from("two ");
      seen.push(readFileSync(join(inside, "f"), "utf8"));
      yield "three";
    };
    await call("appendFile", "f", pieces());
    expect(seen).toEqual(["one ", "one two "]);
    expect(readFileSync(join(inside, "f"), "utf8")).toBe("one two three");
  });

  it("says what of its source has arrived when that fails, or is aborted", async () => {
    const { inside } = ground();
    const { call } = await asynchronous.open(inside);
    writeFileSync(join(inside, "f"), "");
    const failing = async function* (): AsyncGenerator<string> {
      yield "one";
      throw new Error("source");
    };
    const source = { code: "ERR_CONTENT_SOURCE", effect: "partial" };
    await expect(call("appendFile", "f", failing())).rejects.toMatchObject(source);
    const none = { code: "ERR_CONTENT_SOURCE", effect: "none" };
    await expect(call("appendFile", "f", [5])).rejects.toMatchObject(none);
    const controller = new AbortController();
    const stalling = async function* (): AsyncGenerator<string> {
      yield "two";
      setImmediate(() => controller.abort());
      await new Promise(() => {});
    };
    const { signal } = controller;
    const aborted = { code: "ABORT_ERR", effect: "partial" };
    await expect(call("appendFile", "f", stalling(), { signal })).rejects.toMatchObject(aborted);
    expect(readFileSync(join(inside, "f"), "utf8")).toBe("onetwo");
  });

  it("keeps the order of calls for one path, with writes too, in any spelling", async () => {
    const { inside } = ground();
    mkdirSync(join(inside, "d"));
    const { call } = await asynchronous.open(inside, { durable: false });
    const wanted: string[] = [];
    const runs = Array.from({ length: 40 }, (_, index) => {
      if (index % 7 === 0) wanted.length = 0;
      wanted.push(`${index} `);
      const path = ["d/f", "./d/f", "d//f", "d/./f"][index % 4];
      return call(index % 7 === 0 ? "writeFile" : "appendFile", path, `${index} `);
    });
    await Promise.all(runs);
    expect(readFileSync(join(inside, "d", "f"), "utf8")).toBe(wanted.join(""));
  });

  it("lets go of a stream that it never came to read", async () => {
    const { inside } = ground();
    mkdirSync(join(inside, "d"));
    const { call } = await asynchronous.open(inside, { deny: { write: ["closed"] } });
    for (const method of ["appendFile", "writeFile", "create"]) {
      for (const path of ["missing/x", "d", "d/", "closed", "../x", "d/../../x"]) {
        const stream = Readable.from(["x"]);
        await expect(call(method, path, stream), `${method} ${path}`).rejects.toThrow(/\(E/);
        // Before any I/O it is not touched at all.
        expect(stream.destroyed || path === "../x", `${method} ${path}`).toBe(true);
      }
      const stream = Readable.from(["x"]);
      const bad = call(method, "f", stream, { mode: "rw" });
      await expect(bad).rejects.toMatchObject({ code: "ERR_INVALID_ARG" });
      expect(stream.listenerCount("error")).toBe(0);
    }
  });
});
