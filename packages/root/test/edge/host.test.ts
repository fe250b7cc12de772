/** What a host of a root relies on: that mistakes are said, and that nothing is told to the wrong ears. */

import fs, { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { expect, it } from "vitest";
import {
  openRoot,
  openRootSync,
  type AuditEvent,
  type FileSystem,
  type RootSync,
} from "../../src/index.ts";
import { traceFileSystem } from "@holdfast/testing";
import { tempDir } from "../../../atomic/test/support/temp-dir.ts";

const secret = Buffer.from("API_KEY=hunter2");

it("content that is copied in is not told to audit, nor by errors", async () => {
  const events: AuditEvent[] = [];
  await using root = await openRoot(tempDir(), { audit: (event) => events.push(event) });
  await root.copyIn(secret, "a");
  const failing = root.copyIn(secret, "missing/a");
  await expect(failing).rejects.toMatchObject({ path: undefined, dest: "missing/a" });
  await expect(failing).rejects.not.toThrow("hunter2");
  expect(events).toMatchObject([{ dest: "a" }, { dest: "missing/a" }]);
  expect(JSON.stringify(events)).not.toContain("hunter2");
});

it.each<[string, () => unknown]>([
  ["false", () => false],
  ["a promise", async () => true],
  ["a promise that fails", async () => Promise.reject(new Error("no"))],
])("authorize that returns %s refuses", async (_, authorize) => {
  const dir = tempDir();
  await using root = await openRoot(dir, { authorize: authorize as () => boolean });
  const refused = { code: "ERR_DENIED", effect: "none" };
  await expect(root.writeFile("a", "x")).rejects.toMatchObject(refused);
  expect(fs.readdirSync(dir)).toEqual([]);
  expect(() => openRootSync(dir, { authorize: authorize as () => boolean }).mkdirSync("a")).toThrow(
    "authorize",
  );
});

it.each([
  { deny: { reads: [".env"] } },
  { deny: { read: ["/x"] } },
  { deny: { write: ["../x"] } },
  { hardlink: "allow" },
  { durabel: false },
])("a root does not open with %j", async (options) => {
  const misuse = { name: expect.stringMatching(/^(?:Type|Range)Error$/), code: "ERR_INVALID_ARG" };
  await expect(openRoot(tempDir(), options as object)).rejects.toMatchObject(misuse);
});

it.each([".git/HOOKS", ".git/hook\u017f", ".g\u200cit/hooks", ".GIT/hooks"])(
  "where names fold, %j is closed with .git/hooks",
  async (path) => {
    const fileSystem = { ...fs, platform: "darwin" } as unknown as FileSystem;
    await using root = await openRoot(tempDir(), { fileSystem, deny: { write: [".git/hooks"] } });
    const writing = root.writeFile(`${path}/pre-commit`, "x", { create: true });
    await expect(writing).rejects.toMatchObject({ code: "ERR_DENIED" });
  },
);

it("an error has the caller in its stack", async () => {
  await using root = await openRoot(tempDir());
  async function whoAsked(): Promise<void> {
    await root.readFile("missing");
  }
  await expect(whoAsked()).rejects.toMatchObject({ stack: expect.stringContaining("whoAsked") });
});

it("the later of two writes stays, also by another spelling that takes longer to find", async () => {
  const dir = tempDir();
  mkdirSync(join(dir, "v2"));
  symlinkSync("v2", join(dir, "current"));
  await using root = await openRoot(dir, { durable: false });
  for (let round = 0; round < 30; round++) {
    const older = root.writeFile("current/../current/state", `older ${round}`);
    await Promise.all([older, root.writeFile("v2/state", `newer ${round}`)]);
    expect(readFileSync(join(dir, "v2/state"), "utf8")).toBe(`newer ${round}`);
  }
});

it.each([
  ["of bytes", {}, (text: string) => text],
  ["of pieces", {}, (text: string) => [text]],
  ["with rules", { authorize: () => {} }, (text: string) => text],
] as const)(
  "the later of two writes %s stays, also where the older one goes through a link",
  async (_, options, contentOf) => {
    const dir = tempDir();
    symlinkSync("state", join(dir, "link"));
    symlinkSync("link", join(dir, "chain"));
    await using root = await openRoot(dir, { durable: false, ...options });
    for (let round = 0; round < 30; round++) {
      const older = root.writeFile("chain", contentOf(`older ${round}`));
      await Promise.all([older, root.writeFile("state", contentOf(`newer ${round}`))]);
      expect(readFileSync(join(dir, "state"), "utf8")).toBe(`newer ${round}`);
    }
  },
);

it.each<[string, (root: RootSync) => unknown]>([
  ["readFile", (root) => root.readFileSync("f")],
  ["open", (root) => root.openSync("f")],
  ["copyFile", (root) => root.copyFileSync("f", "copy")],
  ["copyOut", (root) => root.copyOutSync("f", "/dev/null/x")],
  ["cp", (root) => root.cpSync("f", "copy")],
  ["appendFile", (root) => root.appendFileSync("f", "x")],
  ["truncate", (root) => root.truncateSync("f")],
  ["chmod", (root) => root.chmodSync("f", 0o600)],
  ["utimes", (root) => root.utimesSync("f", 1, 1)],
  ["writeFile", (root) => root.writeFileSync("f", "x")],
])("%s does not wait for ever for a file that somebody keeps linking", (_, call) => {
  const dir = tempDir();
  writeFileSync(join(dir, "f"), "mine");
  // As if it had just got, or lost, a second name: whenever it is looked at.
  const linked = <Stats extends object>(stats: Stats): Stats =>
    new Proxy(stats, {
      get(of, name) {
        if (name === "nlink" && (of as fs.BigIntStats).isFile()) return 2n;
        if (name === "ctimeNs") return BigInt(Date.now()) * 1_000_000n;
        const value: unknown = Reflect.get(of, name);
        return typeof value === "function" ? value.bind(of) : value;
      },
    });
  const fileSystem = {
    ...fs,
    fstatSync: (fd: number, options: object) => linked(fs.fstatSync(fd, options)),
    lstatSync: (path: string, options: object) => linked(fs.lstatSync(path, options)!),
  } as unknown as FileSystem;
  using root = openRootSync(dir, { fileSystem });
  const refused = expect.objectContaining({ code: "ERR_HARDLINK", effect: "none" });
  expect(() => call(root)).toThrow(refused);
  expect(readFileSync(join(dir, "f"), "utf8")).toBe("mine");
});

it("a stream that nothing was copied to is as it was", async () => {
  await using root = await openRoot(tempDir());
  const stream = new PassThrough();
  await expect(root.copyOut("missing", stream)).rejects.toMatchObject({ code: "ENOENT" });
  stream.end("404");
  expect(String(stream.read())).toBe("404");
});

it("says what was made on the way to a write that failed", async () => {
  await using root = await openRoot(tempDir());
  const failing = root.writeFile(`new/deeper/${"x".repeat(300)}`, "x", { create: true });
  await expect(failing).rejects.toMatchObject({
    code: "ENAMETOOLONG",
    effect: "none",
    leftovers: ["new", "new/deeper"],
  });
});

it("writes only what it has seen, if asked to", async () => {
  const dir = tempDir();
  await using root = await openRoot(dir);
  const { version } = await root.writeFile("state", "1");
  await root.writeFile("state", "2", { ifMatch: version });
  const stale = root.writeFile("state", "3", { ifMatch: version });
  await expect(stale).rejects.toMatchObject({ code: "ERR_CHANGED", effect: "none" });
  expect(readFileSync(join(dir, "state"), "utf8")).toBe("2");
});

it("a method without its root says so", async () => {
  await using root = await openRoot(tempDir());
  // oxlint-disable-next-line typescript/unbound-method -- the mistake that is to be told of
  const { readFile } = root;
  await expect(readFile("x")).rejects.toMatchObject({ code: "ERR_INVALID_ARG" });
  const bound = root.promises.readFile;
  await expect(bound("x")).rejects.toMatchObject({ code: "ENOENT" });
});

it("refuses what it would have to ignore", async () => {
  const dir = tempDir();
  writeFileSync(join(dir, "a"), "");
  await using root = await openRoot(dir);
  const misuse = { code: "ERR_INVALID_ARG" };
  await expect(root.cp("a", "b", { dereference: true } as object)).rejects.toMatchObject(misuse);
  await expect(root.rmdir("a", { recursive: true } as object)).rejects.toMatchObject(misuse);
});

it("a rule that is no text is refused: it would close nothing", async () => {
  const rule = Buffer.from([0x64, 0xff]) as unknown as string;
  const opening = openRoot(tempDir(), { deny: { read: [rule] } });
  await expect(opening).rejects.toMatchObject({ code: "ERR_INVALID_ARG" });
});

it("what is in a closed place cannot be found out", async () => {
  const dir = tempDir();
  mkdirSync(join(dir, "closed/there"), { recursive: true });
  writeFileSync(join(dir, "closed/file"), "");
  await using root = await openRoot(dir, { deny: { read: ["closed"] } });
  for (const name of ["there", "file", "missing"]) {
    for (const ask of [
      () => root.exists(`closed/${name}`),
      () => root.exists(`closed/${name}/../..`),
      () => root.stat(`closed/${name}/`),
      () => root.opendir(`closed/${name}`),
      () => root.openRoot(`closed/${name}`),
      () => root.rm(`closed/${name}`, { force: true, recursive: true }),
      () => root.mkdir(`closed/${name}/x`, { recursive: true }),
    ]) {
      await expect(ask()).rejects.toMatchObject({ code: "ERR_DENIED", effect: "none" });
    }
  }
});

it("links do not tell which directories there are outside", async () => {
  const dir = tempDir();
  writeFileSync(join(dir, "f"), "");
  symlinkSync(`/etc/../${dir}/f`, join(dir, "by-etc"));
  symlinkSync(`/no-such-directory/../${dir}/f`, join(dir, "by-nothing"));
  symlinkSync(join(dir, "f"), join(dir, "in-full"));
  await using root = await openRoot(dir);
  const escapes = { code: "ERR_PATH_ESCAPES" };
  await expect(root.exists("by-etc")).rejects.toMatchObject(escapes);
  await expect(root.exists("by-nothing")).rejects.toMatchObject(escapes);
  expect(await root.exists("in-full")).toBe(true);
});

it("short links that are long ways do not keep a call busy", () => {
  const dir = tempDir();
  const depth = 400;
  const down = "d/".repeat(depth);
  mkdirSync(join(dir, down), { recursive: true });
  writeFileSync(join(dir, down, "x"), "x");
  for (let n = 0; n < 20; n++) {
    const next = n === 0 ? "x" : `link-${n - 1}`;
    symlinkSync("../d/".repeat(800) + next, join(dir, down, `link-${n}`));
  }
  const trace = traceFileSystem(fs);
  using root = openRootSync(dir, { fileSystem: trace.fs as FileSystem });
  expect(root.readFileSync(`${down}x`, "utf8")).toBe("x");
  expect(root.readFileSync(`${"d/../".repeat(300)}${down}x`, "utf8")).toBe("x");
  trace.clear();
  expect(() => root.readFileSync(`${down}link-19`)).toThrow(
    expect.objectContaining({ code: "ELOOP", effect: "none" }),
  );
  expect(trace.entries.length).toBeLessThan(50_000);
});
