/* oxlint-disable vitest/no-conditional-expect -- what must hold depends on how a run ended */

import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { memfs } from "memfs";
import { describe, expect, test, vi } from "vitest";
import { asUser, nobody } from "../support/as-user.ts";
import { faultyFileSystem, type FaultPlan } from "../support/faulty-file-system.ts";
import { needs } from "../support/needs.ts";
import { inMountNamespace } from "../support/in-mount-namespace.ts";
import { onSecondDevice, tempDir } from "../support/temp-dir.ts";
import {
  age,
  crossing,
  failure,
  forms,
  look,
  stagedIn,
  writeFullTree,
  writeOldFile,
  writeSmallTree,
} from "./trees.ts";

// Some make thousands of calls on a real disk, on a busy machine; nothing here is about time.
vi.setConfig({ testTimeout: 30_000 });

const hasSecondDevice = needs("second-device");
const isRoot = needs("root");
const isLinux = needs("linux");

/** Ways to get from one place to another: with a rename, really across, and with one that fails. */
const routes = ["rename", "copy", "copy after EPERM", "copy after an injected EXDEV"] as const;
type Route = (typeof routes)[number];

interface Place {
  readonly source: string;
  readonly destination: string;
  readonly from: string;
  readonly to: string;
  readonly fileSystem: ReturnType<typeof faultyFileSystem>["fileSystem"] | undefined;
  readonly calls: readonly string[];
  readonly openHandles: () => string[];
}

function place(route: Route, name = "full"): Place {
  const from = tempDir(tmpdir());
  const to = route === "copy" ? onSecondDevice() : from;
  const source = join(from, name);
  const destination = join(to, "new");
  const errno = route === "copy after EPERM" ? "EPERM" : "EXDEV";
  const plan: FaultPlan | undefined = route.includes("after")
    ? crossing(source, destination, errno)
    : undefined;
  const faulty = faultyFileSystem({ ...(plan !== undefined && { plan }) });
  return {
    source,
    destination,
    from,
    to,
    // Without faults: the built-in one, with its fast path.
    fileSystem: plan === undefined ? undefined : faulty.fileSystem,
    calls: faulty.calls,
    openHandles: () => faulty.openHandles(),
  };
}

const descriptors = (): number =>
  process.platform === "linux" ? readdirSync("/proc/self/fd").length : 0;

describe.each(forms)("A22 $form", ({ form, move }) => {
  describe.each(routes.filter((route) => route !== "copy" || hasSecondDevice))("%s", (route) => {
    const copies = route !== "rename";

    test("a file: content, mode, owner, times; the source is gone", async () => {
      const { source, destination, from, to, fileSystem } = place(route);
      writeOldFile(source, "hello", 0o4751);
      if (isRoot) {
        chownSync(source, 1234, 4321);
        chmodSync(source, 0o4751);
        age(source);
      }
      const before = look(source);
      const open = descriptors();
      const receipt = await move({ source, destination, fileSystem });
      expect(look(destination)).toEqual(before);
      expect(existsSync(source)).toBe(false);
      expect(receipt).toEqual({
        path: destination,
        method: copies ? "copy" : "link",
        created: true,
        bytes: copies ? 5 : 0,
        entries: copies ? 1 : 0,
        synced: { file: true, directory: true },
        lost: [],
      });
      expect(stagedIn(from, to)).toEqual([]);
      expect(descriptors()).toBe(open);
    });

    test("a tree: modes, times, links, dangling links, hard links, empty directories", async () => {
      const { source, destination, from, to, fileSystem, openHandles } = place(route);
      writeFullTree(source);
      if (isRoot) {
        chownSync(join(source, "sub"), 5, 6);
        age(source);
      }
      const before = look(source);
      const open = descriptors();
      const receipt = await move({ source, destination, fileSystem });
      expect(look(destination)).toEqual(before);
      expect(existsSync(source)).toBe(false);
      expect(stagedIn(from, to)).toEqual([]);
      expect(receipt.method).toBe(copies ? "copy" : "rename");
      expect(receipt.synced).toEqual({ file: copies, directory: true });
      expect(receipt.lost).toEqual([]);
      expect(receipt.entries).toBe(copies ? before!.length : 0);
      if (copies) expect(receipt.bytes).toBeGreaterThan(3 * 1024 * 1024);
      expect(descriptors()).toBe(open);
      expect(openHandles()).toEqual([]);
    });

    test.each(["dangling", "to a file", "to a directory"])(
      "a symbolic link, %s, moves as a link",
      async (kind) => {
        const { source, destination, from, fileSystem } = place(route);
        const target = join(from, "target");
        if (kind === "to a file") writeFileSync(target, "kept");
        if (kind === "to a directory") mkdirSync(target);
        symlinkSync(target, source);
        age(source);
        const before = look(source);
        // A separator at the end would make the kernel follow it.
        const receipt = await move({ source: `${source}/`, destination, fileSystem });
        expect(look(destination)).toEqual(before);
        expect(lstatSync(source, { throwIfNoEntry: false })).toBe(undefined);
        expect(existsSync(target)).toBe(kind !== "dangling");
        expect(receipt.lost).toEqual([]);
      },
    );

    test.each(["a file", "a link", "a dangling link", "a directory", "an empty directory"])(
      "overwrite: false keeps %s at the destination",
      async (kind) => {
        for (const sourceKind of ["file", "directory", "link"]) {
          const { source, destination, from, to, fileSystem } = place(route);
          if (sourceKind === "file") writeOldFile(source, "source");
          if (sourceKind === "directory") writeSmallTree(source);
          if (sourceKind === "link") symlinkSync("somewhere", source);
          if (kind === "a file") writeOldFile(destination, "precious");
          if (kind === "a link") symlinkSync(tmpdir(), destination);
          if (kind === "a dangling link") symlinkSync("nowhere", destination);
          if (kind.includes("directory")) mkdirSync(destination);
          if (kind === "a directory") writeFileSync(join(destination, "x"), "precious");
          const before = [look(source), look(destination)];
          const error = await failure(move({ source, destination, fileSystem }));
          expect(error).toMatchObject({ code: "EEXIST", effect: "none", leftovers: [] });
          expect([look(source), look(destination)]).toEqual(before);
          expect(stagedIn(from, to)).toEqual([]);
        }
      },
    );

    test("overwrite: true replaces a file, and a link rather than what it leads to", async () => {
      for (const kind of ["file", "link", "dangling", "other name"]) {
        const { source, destination, to, fileSystem } = place(route);
        const other = join(to, "other");
        writeOldFile(source, "new");
        writeOldFile(other, "precious");
        if (kind === "file") writeOldFile(destination, "old");
        if (kind === "link") symlinkSync(other, destination);
        if (kind === "dangling") symlinkSync("nowhere", destination);
        if (kind === "other name") linkSync(other, destination);
        const before = look(source);
        const receipt = await move({ source, destination, overwrite: true, fileSystem });
        expect(receipt).toMatchObject({ created: false, method: copies ? "copy" : "rename" });
        expect(look(destination)).toEqual(before);
        expect(existsSync(source)).toBe(false);
        expect(readFileSync(other, "utf8")).toBe("precious");
      }
    });

    test("overwrite: true: kinds that cannot replace each other", async () => {
      for (const [sourceKind, targetKind, code] of [
        ["file", "directory", "EISDIR"],
        ["file", "empty directory", "EISDIR"],
        ["link", "empty directory", "EISDIR"],
        ["directory", "file", "ENOTDIR"],
        ["directory", "link to a directory", "ENOTDIR"],
        ["directory", "directory", "ENOTEMPTY"],
      ] as const) {
        const { source, destination, from, to, fileSystem } = place(route);
        if (sourceKind === "file") writeOldFile(source, "new");
        if (sourceKind === "link") symlinkSync("x", source);
        if (sourceKind === "directory") writeSmallTree(source);
        if (targetKind.endsWith("directory") && !targetKind.startsWith("link")) {
          mkdirSync(destination);
        }
        if (targetKind === "directory") writeFileSync(join(destination, "x"), "precious");
        if (targetKind === "file") writeFileSync(destination, "precious");
        if (targetKind === "link to a directory") symlinkSync(to, destination);
        const before = [look(source), look(destination)];
        const moved = move({ source, destination, overwrite: true, fileSystem });
        const error = await failure(moved);
        expect(error).toMatchObject({ code, effect: "none", leftovers: [] });
        if (code === "ENOTEMPTY") expect(error.hint).toMatch(/replaceDirectoryAtomic/);
        expect([look(source), look(destination)]).toEqual(before);
        expect(stagedIn(from, to)).toEqual([]);
      }
    });

    test("overwrite: true: a directory replaces an empty one", async () => {
      const { source, destination, fileSystem } = place(route);
      writeSmallTree(source);
      mkdirSync(destination, { mode: 0o700 });
      const before = look(source);
      const receipt = await move({ source, destination, overwrite: true, fileSystem });
      expect(look(destination)).toEqual(before);
      expect(receipt.created).toBe(false);
      expect(existsSync(source)).toBe(false);
    });

    test("a special file: renamed, or refused before anything is done", async () => {
      const { source, destination, from, to, fileSystem } = place(route);
      writeSmallTree(source);
      const pipe = join(source, "sub", "pipe\u001b[2J");
      expect(spawnSync("mkfifo", [pipe]).status).toBe(0);
      age(source);
      const before = look(source);
      if (!copies) {
        await move({ source, destination, fileSystem });
        expect(look(destination)).toEqual(before);
        return;
      }
      for (const each of [source, pipe]) {
        const moved = { source: each, destination, fileSystem };
        // The pipe itself has to fail too: it is another source.
        if (each === pipe && route !== "copy") continue;
        const error = await failure(move(moved));
        expect(error).toMatchObject({ code: "ERR_NOT_FILE", effect: "none", leftovers: [] });
        expect(error.message).toContain(String.raw`pipe\u001b[2J`);
        expect(look(source)).toEqual(before);
        expect(existsSync(destination)).toBe(false);
        expect(stagedIn(from, to)).toEqual([]);
      }
    });

    test("nothing at the source, and no directory for the destination: ENOENT", async () => {
      const { source, destination, fileSystem } = place(route);
      const missing = await failure(move({ source, destination, fileSystem }));
      expect(missing).toMatchObject({ code: "ENOENT", effect: "none" });
      writeOldFile(source, "x");
      const moved = move({ source, destination: join(destination, "below"), fileSystem });
      expect(await failure(moved)).toMatchObject({ code: "ENOENT", effect: "none" });
      expect(readFileSync(source, "utf8")).toBe("x");
    });
  });

  test("a destination inside the source is refused, whatever it is called", async () => {
    const from = tempDir();
    const source = join(from, "a");
    writeSmallTree(source);
    mkdirSync(join(from, "elsewhere"));
    symlinkSync(join(source, "sub"), join(from, "elsewhere", "shortcut"));
    const before = look(source);
    for (const inside of [
      join(source, "x"),
      join(source, "sub", "x"),
      join(from, "elsewhere", "shortcut", "x"),
      `${source}/sub/../x`,
    ]) {
      for (const plan of [undefined, crossing(source, inside)]) {
        const { fileSystem, calls } = faultyFileSystem({ ...(plan && { plan }) });
        const error = await failure(move({ source, destination: inside, fileSystem }));
        expect(error).toMatchObject({ code: "ERR_INSIDE_SOURCE", effect: "none" });
        expect(calls.filter((call) => !/^(lstat|stat) /.test(call))).toEqual([]);
      }
    }
    expect(look(source)).toEqual(before);
    // Looks as if it were inside, and is not.
    await move({ source, destination: `${source}/../b` });
    expect(look(join(from, "b"))).toEqual(before);
    // A link to a directory may be moved into it: only the link moves.
    symlinkSync(join(from, "b"), join(from, "link"));
    await move({ source: join(from, "link"), destination: join(from, "b", "link") });
    expect(readlinkSync(join(from, "b", "link"))).toBe(join(from, "b"));
  });

  test("the same path: nothing is done", async () => {
    const from = tempDir();
    const source = join(from, "a");
    writeOldFile(source, "x");
    symlinkSync(from, join(from, "shortcut"));
    for (const destination of [source, `${source}//`, `${from}/./a`, join(from, "shortcut", "a")]) {
      for (const overwrite of [false, true]) {
        const { fileSystem, calls } = faultyFileSystem();
        const receipt = await move({ source, destination, overwrite, fileSystem });
        expect(receipt).toMatchObject({ method: "rename", created: false, bytes: 0 });
        expect(calls.filter((call) => !/^(lstat|stat) /.test(call))).toEqual([]);
      }
    }
    expect(readFileSync(source, "utf8")).toBe("x");
  });

  test("two names of one file: only the old one goes", async () => {
    const from = tempDir();
    const [source, destination] = [join(from, "a"), join(from, "b")];
    mkdirSync(join(from, "sub"));
    for (const other of [destination, join(from, "sub", "b")]) {
      writeOldFile(source, "x");
      linkSync(source, other);
      const kept = await failure(move({ source, destination: other }));
      expect(kept).toMatchObject({ code: "EEXIST", effect: "none" });
      expect(existsSync(source)).toBe(true);
      const receipt = await move({ source, destination: other, overwrite: true });
      expect(receipt).toMatchObject({ method: "link", created: false });
      expect(existsSync(source)).toBe(false);
      expect(readFileSync(other, "utf8")).toBe("x");
      expect(lstatSync(other).nlink).toBe(1);
    }
  });

  test("hard links that cannot be made: a file is renamed after a look", async () => {
    for (const errno of ["EPERM", "EMLINK", "EACCES"]) {
      const from = tempDir();
      const [source, destination] = [join(from, "a"), join(from, "b")];
      writeOldFile(source, "x");
      const plan: FaultPlan = ({ name }) =>
        name === "link" ? { fail: errno, when: "before" } : undefined;
      const { fileSystem } = faultyFileSystem({ plan });
      const receipt = await move({ source, destination, fileSystem });
      expect(receipt.method).toBe("rename");
      expect(readFileSync(destination, "utf8")).toBe("x");
      expect(existsSync(source)).toBe(false);
    }
  });

  test("hard links that cannot be made in a copied tree: copied twice, and said", async () => {
    const { source, destination } = place("copy after an injected EXDEV");
    writeSmallTree(source);
    const cross = crossing(source, destination);
    const plan: FaultPlan = (call) =>
      call.name === "link" ? { fail: "EPERM", when: "before" } : cross(call);
    const { fileSystem } = faultyFileSystem({ plan });
    const receipt = await move({ source, destination, fileSystem });
    expect(receipt.lost).toEqual(["hardlinks"]);
    expect(readFileSync(join(destination, "other"), "utf8")).toBe("two names");
    expect(readFileSync(join(destination, "sub", "one"), "utf8")).toBe("two names");
    expect(existsSync(source)).toBe(false);
  });

  test("a name outside the tree of a file in it: lost, and the file behind it untouched", async () => {
    const { source, destination, from, fileSystem } = place("copy after an injected EXDEV");
    writeSmallTree(source);
    linkSync(join(source, "a.txt"), join(from, "outside"));
    const receipt = await move({ source, destination, fileSystem });
    expect(receipt.lost).toEqual(["hardlinks"]);
    expect(readFileSync(join(from, "outside"), "utf8")).toBe("content of a");
  });

  test("a copy flushes everything before its name, the name before the source goes", async () => {
    const { source, destination, from, fileSystem, calls } = place("copy after an injected EXDEV");
    writeSmallTree(source);
    await move({ source, destination, fileSystem, syncParentDir: false });
    const staged = /[^ ]*\.holdfast-[^/ ]+\.tmp/;
    const published = calls.findIndex((call) => call.endsWith(`.tmp -> ${destination}`));
    const flushed = calls.indexOf(`fsync ${from}`);
    const taken = calls.findIndex((call) => call.startsWith(`rename ${source} -> ${from}/.hold`));
    const removed = calls.findIndex((call) => call.startsWith("unlink "));
    expect(published).toBeGreaterThan(0);
    expect(published).toBeLessThan(flushed);
    expect(flushed).toBeLessThan(taken);
    expect(taken).toBeLessThan(removed);
    const before = calls.slice(0, published).map((call) => call.replace(staged, "S"));
    const flushes = before.filter((call) => call.startsWith("fsync "));
    // Breadth first, in the order of the directory; then directories, the innermost first.
    expect(flushes.toSorted()).toEqual(
      expect.arrayContaining(["fsync S", "fsync S/a.txt", "fsync S/sub"]),
    );
    expect(flushes.at(-1)).toBe("fsync S");
    expect(flushes).toHaveLength(4); // one file under two names is flushed once
    for (const call of before.slice(before.indexOf("fsync S/a.txt") + 1)) {
      expect(call).not.toMatch(/^(write|fchmod|fchown|futimes) S\/a.txt/);
    }
  });

  test("a rename: file first, then the destination's directory, then the source's", async () => {
    const from = tempDir();
    mkdirSync(join(from, "to"));
    const [source, destination] = [join(from, "a"), join(from, "to", "b")];
    for (const overwrite of [true, false]) {
      writeOldFile(source, "x");
      const { fileSystem, calls } = faultyFileSystem();
      await move({ source, destination, overwrite, fileSystem });
      const order = calls.filter((call) => /^(fsync|rename|link|unlink) /.test(call));
      const [file, ...rest] = order.map((call) => call.replace(/\.holdfast.*tmp/, "S"));
      expect(file).toBe(`fsync ${source}`);
      expect(rest).toEqual(
        overwrite
          ? [`rename ${source} -> ${destination}`, `fsync ${from}/to`, `fsync ${from}`]
          : [
              `link ${source} -> ${destination}`,
              `fsync ${from}/to`,
              `rename ${source} -> ${from}/S`,
              `unlink ${from}/S`,
              `fsync ${from}`,
            ],
      );
      await move({ source: destination, destination: source });
      const quiet = faultyFileSystem();
      await move({
        source,
        destination,
        overwrite,
        syncParentDir: false,
        fileSystem: quiet.fileSystem,
      });
      // A link is flushed all the same: the removal of the old name may be durable before it is.
      const flushes = quiet.calls.filter((call) => call.startsWith("fsync"));
      expect(flushes).toEqual(overwrite ? [] : [`fsync ${from}/to`]);
      await move({ source: destination, destination: source });
    }
  });

  test("A24 a flush that fails is never swallowed", async () => {
    for (const [route, target, effect] of [
      ["rename", "a file", "none"],
      ["rename", "its directory", "complete"],
      ["copy after an injected EXDEV", "the copy", "none"],
      ["copy after an injected EXDEV", "its directory", "partial"],
    ] as const) {
      const { source, destination, from } = place(route);
      writeOldFile(source, "x");
      const before = look(source);
      const cross: FaultPlan = route === "rename" ? () => undefined : crossing(source, destination);
      const plan: FaultPlan = (call) => {
        if (call.name !== "fsync") return cross(call);
        const isDirectory = call.path === from;
        const isCopy = call.path.includes(".holdfast-");
        const hit =
          target === "its directory" ? isDirectory : target === "the copy" ? isCopy : !isDirectory;
        return hit ? { fail: "EIO", when: "before" } : undefined;
      };
      const faulty = faultyFileSystem({ plan });
      const { fileSystem } = faulty;
      const error = await failure(move({ source, destination, overwrite: true, fileSystem }));
      expect(error).toMatchObject({ code: "EIO", effect });
      expect(existsSync(source)).toBe(effect !== "complete");
      expect(existsSync(destination)).toBe(effect !== "none");
      expect(look(effect === "none" ? source : destination)).toEqual(before);
      expect(error.leftovers).toEqual(effect === "partial" ? [source] : []);
      expect(faulty.openHandles()).toEqual([]);
      expect(stagedIn(from)).toEqual([]);
    }
  });

  test("a flush that a file system does not have is said, not refused", async () => {
    const { source, destination } = place("copy after an injected EXDEV");
    writeSmallTree(source);
    const cross = crossing(source, destination);
    const plan: FaultPlan = (call) =>
      call.name === "fsync" && !call.path.endsWith("a.txt") && !call.path.endsWith("one")
        ? call.path.endsWith("other")
          ? undefined
          : { fail: "EINVAL", when: "before" }
        : cross(call);
    const { fileSystem } = faultyFileSystem({ plan });
    const receipt = await move({ source, destination, fileSystem });
    expect(receipt.synced).toEqual({ file: true, directory: "unsupported" });
  });

  test("onProgress: counts up to the totals; a throw undoes the copy", async () => {
    for (let throwAt = 1; ; throwAt++) {
      const { source, destination, from, fileSystem, openHandles } = place(
        "copy after an injected EXDEV",
      );
      writeSmallTree(source);
      writeFileSync(join(source, "large"), Buffer.alloc(2.5 * 1024 * 1024, 1));
      age(source);
      const before = look(source);
      const seen: { bytes: number; entries: number }[] = [];
      const thrown = new Error("enough");
      const moved = move({
        source,
        destination,
        fileSystem,
        onProgress: ({ bytes, totalBytes, entries, totalEntries, path }) => {
          expect(path.startsWith(source)).toBe(true);
          expect(totalBytes).toBe(2.5 * 1024 * 1024 + 12 + 9);
          expect(totalEntries).toBe(7);
          seen.push({ bytes, entries });
          if (seen.length === throwAt) throw thrown;
        },
      });
      const error = await moved.then(
        () => undefined,
        (error: unknown) => error,
      );
      if (error === undefined) {
        expect(seen.length).toBeGreaterThan(8);
        expect(throwAt).toBe(seen.length + 1);
        expect(seen.at(-1)).toEqual({ bytes: 2.5 * 1024 * 1024 + 12 + 9, entries: 7 });
        expect(seen).toEqual(seen.toSorted((a, b) => a.bytes - b.bytes || a.entries - b.entries));
        break;
      }
      expect(error).toMatchObject({ code: "ERR_HOOK", effect: "none", cause: thrown });
      expect(look(source)).toEqual(before);
      expect(existsSync(destination)).toBe(false);
      expect(stagedIn(from)).toEqual([]);
      expect(openHandles()).toEqual([]);
    }
  });

  test("a sparse file takes its full size: its content is right", async () => {
    const { source, destination, fileSystem } = place("copy after an injected EXDEV");
    writeOldFile(source, "start");
    truncateSync(source, 5 * 1024 * 1024 + 1);
    age(source);
    const before = look(source);
    await move({ source, destination, fileSystem });
    expect(look(destination)).toEqual(before);
  });

  test("paths: URLs, relative ones, long names", async () => {
    const from = tempDir();
    const long = "n".repeat(255);
    const source = join(from, long);
    writeOldFile(source, "x");
    await move({ source: pathToFileURL(source), destination: pathToFileURL(join(from, "b#?")) });
    expect(readFileSync(join(from, "b#?"), "utf8")).toBe("x");
    const destination = join(from, `${long.slice(1)}m`);
    const { fileSystem } = faultyFileSystem({ plan: crossing(join(from, "b#?"), destination) });
    const receipt = await move({ source: join(from, "b#?"), destination, fileSystem });
    expect(receipt.method).toBe("copy");
    expect(readFileSync(destination, "utf8")).toBe("x");
    // vitest's workers cannot change their directory; a relative path from it must do.
    const up = "../".repeat(process.cwd().split("/").length) + from.slice(1);
    await move({ source: `${up}/${destination.slice(from.length + 1)}`, destination: `${up}/r` });
    expect(readFileSync(join(from, "r"), "utf8")).toBe("x");
    const tooLong = join(from, "l".repeat(256));
    expect(await failure(move({ source: join(from, "r"), destination: tooLong }))).toMatchObject({
      code: "ENAMETOOLONG",
      effect: "none",
    });
  });

  test("misuse is refused before any I/O", async () => {
    const { fileSystem, calls } = faultyFileSystem();
    const paths = { source: "/a", destination: "/b", fileSystem };
    for (const [options, names] of [
      [undefined, "options"],
      [{ fileSystem, destination: "/b" }, "source"],
      [{ fileSystem, source: "/a" }, "destination"],
      [{ ...paths, source: "" }, "source"],
      [{ ...paths, source: "/a\0b" }, "source"],
      [{ ...paths, destination: 3 }, "destination"],
      [{ ...paths, destination: "/a/.." }, "destination"],
      [{ ...paths, source: "a/./" }, "source"],
      [{ ...paths, source: "/" }, "source"],
      [{ ...paths, source: new URL("http://example.org/a") }, "source"],
      [{ ...paths, overwrite: "yes" }, "overwrite"],
      [{ ...paths, overwrite: null }, "overwrite"],
      [{ ...paths, syncParentDir: 1 }, "syncParentDir"],
      [{ ...paths, onProgress: {} }, "onProgress"],
      [{ ...paths, signal: form === "sync" ? AbortSignal.abort() : {} }, "signal"],
      [{ ...paths, fileSystem: {} }, "rmdir|open"],
      [{ ...paths, fileSystem: null }, "fileSystem"],
    ] as const) {
      const error = await failure(move(options as never));
      expect(error.code).toBe("ERR_INVALID_ARG");
      expect(error.message).toMatch(new RegExp(names));
      expect(error).toBeInstanceOf(error.name === "RangeError" ? RangeError : TypeError);
    }
    expect(calls).toEqual([]);
  });

  test("options are read once, at entry", async () => {
    const from = tempDir();
    writeOldFile(join(from, "a"), "x");
    const reads: string[] = [];
    const plain = { source: join(from, "a"), destination: join(from, "b"), overwrite: true };
    const options = new Proxy(plain, {
      get: (target, key) => {
        reads.push(String(key));
        return Reflect.get(target, key) as unknown;
      },
    });
    const moved = move(options as never);
    plain.destination = "/nonexistent/x";
    await moved;
    expect(reads.toSorted()).toEqual([...new Set(reads)].toSorted());
    expect(readFileSync(join(from, "b"), "utf8")).toBe("x");
  });

  test("Windows: no directory is flushed, and none replaced without a look", async () => {
    for (const overwrite of [true, false]) {
      const { source, destination } = place("copy after an injected EXDEV");
      writeSmallTree(source);
      if (overwrite) mkdirSync(destination);
      const { fileSystem, calls } = faultyFileSystem({ plan: crossing(source, destination) });
      const receipt = await move({
        source,
        destination,
        overwrite,
        fileSystem: { ...fileSystem, platform: "win32" },
      });
      expect(receipt.synced).toEqual({ file: true, directory: "unsupported" });
      expect(look(destination, { metadata: false })).toHaveLength(6);
      expect(existsSync(source)).toBe(false);
      expect(calls.filter((call) => call === `mkdir ${destination}`)).toEqual([]);
    }
  });
});

describe.runIf(isRoot && isLinux && needs("other-user"))("A22 by a user without privileges", () => {
  test.each(forms)("$form: a foreign owner is lost with the set-id bits, and said", ({ form }) => {
    const from = tempDir();
    const to = hasSecondDevice ? onSecondDevice() : tempDir();
    for (const directory of [from, to]) chmodSync(directory, 0o777);
    const source = join(from, "tree");
    mkdirSync(source);
    chmodSync(source, 0o777);
    writeOldFile(join(source, "a"), "x", 0o6755);
    const destination = join(to, "tree");
    const report = asUser<{ lost: string[]; method: string }>(nobody, {
      script: `
        const { movePathWithCopyFallback, movePathWithCopyFallbackSync } =
          await import("@holdfast/atomic");
        const fs = await import("node:fs");
        const across = () => { throw Object.assign(new Error("EXDEV"), { code: "EXDEV" }); };
        const fileSystem = input.inject ? { ...fs,
          renameSync: (a, b) => a === input.source && b === input.destination ? across() : fs.renameSync(a, b),
          promises: { ...fs.promises, rename: async (a, b) =>
            a === input.source && b === input.destination ? across() : fs.promises.rename(a, b) } } : undefined;
        const { source, destination } = input;
        report(input.form === "sync" ? movePathWithCopyFallbackSync({ source, destination, fileSystem })
          : await movePathWithCopyFallback({ source, destination, fileSystem }));`,
      input: { source, destination, form, inject: !hasSecondDevice },
    });
    expect(report.method).toBe("copy");
    expect(report.lost).toEqual(["owner", "group", "set-id"]);
    const { mode, uid, gid } = lstatSync(join(destination, "a"));
    expect((mode & 0o7777).toString(8)).toBe("755");
    expect([uid, gid]).toEqual([nobody.uid, nobody.gid]);
    expect(existsSync(source)).toBe(false);
  });

  test("a source that cannot be removed is refused before anything is copied", () => {
    const from = tempDir();
    const to = hasSecondDevice ? onSecondDevice() : tempDir();
    chmodSync(to, 0o777);
    chmodSync(from, 0o777);
    writeSmallTree(join(from, "tree"));
    for (const closed of [from, join(from, "tree", "sub")]) {
      for (const directory of ["", "sub"]) chmodSync(join(from, "tree", directory), 0o777);
      chmodSync(join(from, "tree", "a.txt"), 0o644);
      chmodSync(closed, 0o755);
      const before = look(join(from, "tree"));
      const report = asUser<{ code: string; effect: string }>(nobody, {
        script: `
          const { movePathWithCopyFallback } = await import("@holdfast/atomic");
          const fs = await import("node:fs");
          const rename = async (a, b) => { throw Object.assign(new Error("EXDEV"), { code: "EXDEV" }); };
          try {
            await movePathWithCopyFallback({ ...input, fileSystem: { promises: { ...fs.promises, rename } } });
          } catch ({ code, effect, leftovers }) { report({ code, effect, leftovers }); }`,
        input: { source: join(from, "tree"), destination: join(to, "tree") },
      });
      expect(report).toEqual({ code: "EACCES", effect: "none", leftovers: [] });
      expect(look(join(from, "tree"))).toEqual(before);
      expect(readdirSync(to).toSorted()).toEqual([]);
      chmodSync(closed, 0o777);
    }
  });

  test("a copy that fails leaves nothing, also of directories that may not be written", () => {
    const from = tempDir();
    chmodSync(from, 0o777);
    const report = asUser<{ code: string; effect: string; leftovers: string[] }>(nobody, {
      script: `
        const { movePathWithCopyFallback } = await import("@holdfast/atomic");
        const fs = await import("node:fs");
        const source = input.from + "/tree";
        fs.mkdirSync(source + "/empty", { recursive: true });
        fs.mkdirSync(source + "/also");
        fs.chmodSync(source + "/empty", 0o555);
        fs.chmodSync(source + "/also", 0o500);
        const rename = async () => { throw Object.assign(new Error("EXDEV"), { code: "EXDEV" }); };
        try {
          await movePathWithCopyFallback({ source, destination: input.from + "/new",
            fileSystem: { promises: { ...fs.promises, rename } } });
        } catch ({ code, effect, leftovers }) { report({ code, effect, leftovers }); }`,
      input: { from },
    });
    expect(report).toEqual({ code: "EXDEV", effect: "none", leftovers: [] });
    expect(readdirSync(from).toSorted()).toEqual(["tree"]);
  });
});

describe.runIf(needs("mount-namespace"))("A22 mounts", () => {
  test("a mount point in the source: refused before anything is copied", () => {
    const from = tempDir();
    writeSmallTree(join(from, "tree"));
    mkdirSync(join(from, "tree", "mounted"));
    mkdirSync(join(from, "to"));
    const report = inMountNamespace<unknown>({
      mounts: [
        { type: "tmpfs", target: join(from, "tree", "mounted") },
        { type: "tmpfs", target: join(from, "to") },
      ],
      setup: `echo precious > '${from}/tree/mounted/file'`,
      script: `
        const { movePathWithCopyFallback } = await import("@holdfast/atomic");
        const fs = await import("node:fs");
        const ends = [];
        for (const source of ["/tree", "/tree/mounted"]) {
          try { ends.push(await movePathWithCopyFallback({ source: input.from + source, destination: input.from + "/to/x" })); }
          catch ({ code, effect, leftovers }) { ends.push({ code, effect, leftovers }); }
        }
        report([ends, fs.readFileSync(input.from + "/tree/mounted/file", "utf8"), fs.readdirSync(input.from + "/to")]);`,
      input: { from },
    });
    const refused = { code: "EBUSY", effect: "none", leftovers: [] };
    expect(report).toEqual([[refused, refused], "precious\n", []]);
  });

  test("a destination inside the source that only a mount leads to: nothing is done", () => {
    const from = tempDir();
    writeSmallTree(join(from, "tree"));
    mkdirSync(join(from, "again"));
    mkdirSync(join(from, "below"));
    const report = inMountNamespace<unknown>({
      mounts: [
        { type: "bind", source: join(from, "tree"), target: join(from, "again") },
        { type: "bind", source: join(from, "tree", "sub"), target: join(from, "below") },
      ],
      script: `
        const { movePathWithCopyFallback } = await import("@holdfast/atomic");
        const ends = [];
        for (const destination of ["/again/x", "/below/x", "/again"]) {
          try { ends.push(await movePathWithCopyFallback({ source: input.from + "/tree", destination: input.from + destination, overwrite: true })); }
          catch ({ code, effect, leftovers }) { ends.push([code, effect, leftovers.length]); }
        }
        report(ends);`,
      input: { from },
    });
    expect(report).toEqual([
      ["ERR_INSIDE_SOURCE", "none", 0],
      ["ERR_CHANGED", "none", 0],
      ["EBUSY", "none", 0],
    ]);
    expect(look(join(from, "tree"), { metadata: false })).toHaveLength(6);
  });
});

describe("A22 an injected file system", () => {
  test.each(forms)("$form: memfs, whole and with a rename that fails", async ({ move }) => {
    for (const isCrossing of [false, true]) {
      const { fs, vol } = memfs({ "/from/a": "hello", "/from/sub/b": "x", "/to/z": "" });
      fs.symlinkSync("nowhere", "/from/link");
      if (isCrossing) {
        const { renameSync } = fs;
        const rename = fs.promises.rename.bind(fs.promises);
        const refuse = (to: unknown): void => {
          if (to === "/to/n" && fs.existsSync("/from")) {
            throw Object.assign(new Error("EXDEV"), { code: "EXDEV" });
          }
        };
        fs.renameSync = (from, to) => (isSource(from) && refuse(to), renameSync(from, to));
        fs.promises.rename = async (from, to) => (isSource(from) && refuse(to), rename(from, to));
      }
      const receipt = await move({
        source: "/from",
        destination: "/to/n",
        fileSystem: fs as never,
      });
      expect(receipt.method).toBe(isCrossing ? "copy" : "rename");
      expect(vol.toJSON()).toEqual({ "/to/z": "", "/to/n/a": "hello", "/to/n/sub/b": "x" });
      expect(fs.readlinkSync("/to/n/link")).toBe("nowhere");
    }
  });
});

const isSource = (path: unknown): boolean => path === "/from";

describe("A22 abort", () => {
  test("together with a failure: nothing stays open, and the first error stays", async () => {
    const { source, destination, from } = place("rename");
    writeOldFile(source, "x");
    const controller = new AbortController();
    const plan: FaultPlan = ({ name }) => {
      if (name !== "fsync") return undefined;
      controller.abort();
      return { fail: "EIO", when: "before" };
    };
    const faulty = faultyFileSystem({ plan });
    const { fileSystem } = faulty;
    const { signal } = controller;
    const error = await failure(forms[0]!.move({ source, destination, signal, fileSystem }));
    expect(error).toMatchObject({ code: "EIO", effect: "none" });
    expect(faulty.openHandles()).toEqual([]);
    expect(stagedIn(from)).toEqual([]);
  });

  test("before any call up to the commit point: undone; after it: completed", async () => {
    for (const kind of ["file", "tree", "file over a file"]) {
      let wasCompleted = false;
      for (let at = 1; ; at++) {
        const { source, destination, from } = place("copy after an injected EXDEV");
        if (kind === "tree") writeSmallTree(source);
        else writeOldFile(source, "x");
        if (kind === "file over a file") writeOldFile(destination, "old");
        const before = look(source);
        const old = look(destination);
        const cross = crossing(source, destination);
        const controller = new AbortController();
        const plan: FaultPlan = (call) =>
          call.index === at && cross(call) === undefined
            ? { act: () => controller.abort(new Error("stop")) }
            : cross(call);
        const faulty = faultyFileSystem({ plan });
        const { fileSystem, calls } = faulty;
        const { signal } = controller;
        const overwrite = old !== undefined;
        const error = await forms[0]!
          .move({ source, destination, overwrite, signal, fileSystem })
          .then(
            () => undefined,
            (error: unknown) => error,
          );
        expect(faulty.openHandles()).toEqual([]);
        expect(stagedIn(from)).toEqual([]);
        if (calls.length < at) break;
        if (error === undefined) {
          expect(look(destination)).toEqual(before);
          expect(existsSync(source)).toBe(false);
          wasCompleted = signal.aborted || wasCompleted;
        } else {
          expect(error).toMatchObject({ code: "ABORT_ERR", effect: "none", leftovers: [] });
          expect(look(source)).toEqual(before);
          expect(look(destination)).toEqual(old);
          expect(wasCompleted).toBe(false);
        }
      }
      expect(wasCompleted).toBe(true);
    }
  });
});
