import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import * as fs from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import {
  createFileAtomic,
  createFileAtomicSync,
  replaceFileAtomic,
  replaceFileAtomicSync,
  stageFileAtomic,
  type FileSystem,
  type ReplaceFileAtomicOptions,
} from "../../src/index.ts";
import { faultyFileSystem } from "../support/faulty-file-system.ts";
import { tempDir } from "../support/temp-dir.ts";
import { forms, thrownBy } from "./forms.ts";

type Call = (options: never) => unknown;

/** The public functions, as they are: the synchronous ones throw, the others must not. */
const functions: readonly (readonly [string, Call, { async: boolean; content: boolean }])[] = [
  ["replaceFileAtomic", replaceFileAtomic, { async: true, content: true }],
  ["replaceFileAtomicSync", replaceFileAtomicSync, { async: false, content: true }],
  ["createFileAtomic", createFileAtomic, { async: true, content: true }],
  ["createFileAtomicSync", createFileAtomicSync, { async: false, content: true }],
  ["stageFileAtomic", stageFileAtomic, { async: true, content: false }],
];

const symbol = Symbol("s");
const notStrings = [null, 0, 1, true, {}, [], () => {}, symbol, 1n];
const notBooleans = [null, 0, 1, "true", "", {}, []];
const notNumbers = [null, "1", "0600", true, {}, [], 1n, symbol];

type Case = readonly [option: string, values: readonly unknown[], type: "TypeError" | "RangeError"];

const cases: readonly Case[] = [
  ["filePath", [undefined, ...notStrings, Buffer.from("/x")], "TypeError"],
  ["filePath", [new URL("https://example.com/x"), new URL("data:,x")], "TypeError"],
  ["filePath", [new URL("file:///a%2Fb")], "TypeError"],
  ["filePath", ["", "a\0b", "/a/\0", "\ud800", "/a/\udc00b", "a\ud800"], "RangeError"],
  ["filePath", [new URL("file:///a%00b")], "RangeError"],
  ["mode", notNumbers, "TypeError"],
  ["mode", [-1, 0o10000, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53], "RangeError"],
  ["dirMode", notNumbers, "TypeError"],
  ["dirMode", [-1, 0o10000, 1.5, Number.NaN, Number.NEGATIVE_INFINITY], "RangeError"],
  ["preserveExistingMode", notBooleans, "TypeError"],
  ["tempPrefix", [null, 1, true, {}, Buffer.from("x")], "TypeError"],
  [
    "tempPrefix",
    ["", "a/b", "/", "a\\b", "a\0", "\ud800x", "x".repeat(129), "€".repeat(43)],
    "RangeError",
  ],
  ["syncTempFile", notBooleans, "TypeError"],
  ["syncParentDir", notBooleans, "TypeError"],
  ["renameMaxRetries", notNumbers, "TypeError"],
  ["renameMaxRetries", [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31], "RangeError"],
  ["renameRetryBaseDelayMs", notNumbers, "TypeError"],
  ["renameRetryBaseDelayMs", [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY], "RangeError"],
  ["copyFallbackOnPermissionError", notBooleans, "TypeError"],
  ["beforeRename", [null, 0, "x", true, {}, []], "TypeError"],
  ["symlinks", [null, "", "Follow", "ignore", "toString", true, 0, {}], "TypeError"],
  ["hardlinks", [null, "", "keep", "follow", true, 0, {}], "TypeError"],
  ["ownership", [null, "", "keep", "break", true, 0, {}], "TypeError"],
  ["readonly", [null, "", "allow", "preserve", true, false, {}], "TypeError"],
  ["inPlaceFallback", notBooleans, "TypeError"],
  ["ifMatch", [null, "", 0, true, {}, [], { absent: false }, { absent: 1 }], "TypeError"],
  [
    "ifMatch",
    [{ sha256: "" }, { sha256: "0".repeat(63) }, { sha256: "g".repeat(64) }],
    "TypeError",
  ],
  ["ifMatch", [{ sha256: 5 }, { sha256: "0".repeat(64), absent: true }], "TypeError"],
  ["fileSystem", [null, 0, "node:fs", true, () => {}], "TypeError"],
  ["fileSystem", [{}, { promises: null }, { promises: {} }], "TypeError"],
];

const asyncCases: readonly Case[] = [
  ["signal", [null, 0, "x", true, {}, { aborted: false }, new AbortController()], "TypeError"],
  ["offload", [null, "", "all", "flush", true, 0, {}], "TypeError"],
];

const contentCases: readonly Case[] = [
  ["content", [undefined, null, 0, 1, true, {}, symbol, 1n, () => {}], "TypeError"],
  ["content", [new ArrayBuffer(1), new SharedArrayBuffer(1), Promise.resolve("x")], "TypeError"],
];

function show(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, 12));
  if (value instanceof URL) return value.href;
  if (typeof value === "object" && value !== null) {
    return `${value.constructor.name} with ${Object.keys(value).join(", ") || "nothing"}`;
  }
  return typeof value === "function" ? "a function" : String(value);
}

describe.each(functions)("%s with bad arguments", (op, call, { async, content }) => {
  /** What it does wrong with: never by throwing if it is asynchronous. */
  async function misuse(options: unknown): Promise<Error> {
    if (!async) return (await thrownBy((async () => call(options as never))())) as Error;
    let promise: unknown;
    expect(() => (promise = call(options as never))).not.toThrow();
    expect(promise).toBeInstanceOf(Promise);
    return (await thrownBy(promise as Promise<unknown>)) as Error;
  }

  const all = [...cases, ...(async ? asyncCases : []), ...(content ? contentCases : [])];
  const table = all.flatMap(([option, values, type]) =>
    values.map((value) => [option, show(value), type, value] as const),
  );

  it.each(table)("%s: %s is a %s that names it, before any I/O", async (option, _, type, value) => {
    const dir = tempDir();
    const { fileSystem, calls } = faultyFileSystem();
    const filePath = join(dir, "sub", "file");
    const good = { filePath, content: "x", ...(option !== "fileSystem" && { fileSystem }) };
    const error = await misuse({ ...good, [option]: value });
    expect(error).toBeInstanceOf(type === "TypeError" ? TypeError : RangeError);
    expect(error).toMatchObject({ name: type, code: "ERR_INVALID_ARG" });
    expect(error.message).toMatch(new RegExp(`^${op}: "${option}\\b`));
    expect(error.message).toContain("ERR_INVALID_ARG");
    expect(calls).toEqual([]);
    expect(readdirSync(dir).toSorted()).toEqual([]);
  });

  it("syncParentDir without syncTempFile", async () => {
    const dir = tempDir();
    const { fileSystem, calls } = faultyFileSystem();
    const options = { filePath: join(dir, "file"), content: "x", fileSystem };
    const error = await misuse({ ...options, syncTempFile: false, syncParentDir: true });
    expect(error).toMatchObject({ name: "TypeError", code: "ERR_INVALID_ARG" });
    expect(error.message).toContain("syncParentDir");
    expect(error.message).toContain("syncTempFile");
    expect(calls).toEqual([]);
  });

  it.each([undefined, null, 0, "path", true, () => {}])(
    "no options at all: %o",
    async (options) => {
      expect(await misuse(options)).toMatchObject({ name: "TypeError", code: "ERR_INVALID_ARG" });
    },
  );

  it("an unknown platform", async () => {
    const { fileSystem, calls } = faultyFileSystem();
    const error = await misuse({
      filePath: join(tempDir(), "file"),
      content: "x",
      fileSystem: { ...fileSystem, platform: "amiga" },
    });
    expect(error).toMatchObject({ name: "TypeError", code: "ERR_INVALID_ARG" });
    expect(error.message).toContain("fileSystem.platform");
    expect(calls).toEqual([]);
  });

  const inPromises = [
    "open",
    "writeFile",
    "rename",
    "link",
    "unlink",
    "readlink",
    "mkdir",
    "lstat",
  ];
  const onHandles = ["close", "read", "write", "fstat", "fchmod", "fchown", "ftruncate", "fsync"];
  const needed = async ? inPromises : [...inPromises, ...onHandles].map((name) => `${name}Sync`);

  it.each(needed)("a file system without %s", async (name) => {
    const { fileSystem, calls } = faultyFileSystem();
    const { [name as "rename"]: _, ...promises } = fileSystem.promises;
    const { [name as "renameSync"]: __, ...rest } = fileSystem;
    const error = await misuse({
      filePath: join(tempDir(), "file"),
      content: "x",
      fileSystem: { ...rest, promises: async ? promises : fileSystem.promises },
    });
    expect(error).toMatchObject({ name: "TypeError", code: "ERR_INVALID_ARG" });
    expect(error.message).toContain(async ? `fileSystem.promises.${name}` : `fileSystem.${name}`);
    expect(calls).toEqual([]);
  });

  it("the half that is not used may be missing", async () => {
    const { fileSystem } = faultyFileSystem();
    const { promises, ...sync } = fileSystem;
    const filePath = join(tempDir(), "file");
    const given: FileSystem = async ? { promises } : sync;
    const result = await (call({ filePath, content: "x", fileSystem: given } as never) as Promise<{
      discard?: () => Promise<void>;
    }>);
    const text = content ? readFileSync(filePath, "utf8") : undefined;
    expect(text).toBe(content ? "x" : undefined);
    await result.discard?.();
  });
});

describe.each(forms)("arguments, $form", ({ form, replace }) => {
  it("undefined means the default, for every option", async () => {
    const filePath = join(tempDir(), "file");
    const names = [...cases, ...asyncCases].map(([option]) => option);
    const nothing = Object.fromEntries(names.map((name) => [name, undefined]));
    const receipt = await replace({ ...nothing, filePath, content: "x" });
    expect(receipt).toMatchObject({ method: "rename", synced: { file: true, directory: true } });
  });

  it("a file: URL, with characters that are escaped in it", async () => {
    const path = join(tempDir(), "a b#c?d%é");
    const receipt = await replace({ filePath: pathToFileURL(path), content: "x" });
    expect(receipt.path).toBe(path);
    expect(readFileSync(path, "utf8")).toBe("x");
  });

  it("options with getters are read once each, and before anything is called", async () => {
    const dir = tempDir();
    const filePath = join(dir, "file");
    const { fileSystem, calls } = faultyFileSystem();
    const values: Required<Omit<ReplaceFileAtomicOptions, "ifMatch">> = {
      filePath,
      content: "x",
      mode: 0o640,
      preserveExistingMode: false,
      dirMode: 0o700,
      tempPrefix: ".mine-",
      syncTempFile: true,
      syncParentDir: true,
      renameMaxRetries: 1,
      renameRetryBaseDelayMs: 1,
      copyFallbackOnPermissionError: false,
      symlinks: "follow",
      hardlinks: "break",
      ownership: "preserve",
      readonly: "refuse",
      inPlaceFallback: true,
      beforeRename: () => {},
      signal: new AbortController().signal,
      offload: "calls",
      fileSystem,
    };
    const reads: Record<string, number> = {};
    const options = Object.defineProperties(
      {},
      Object.fromEntries(
        Object.entries({
          ...values,
          ifMatch: undefined,
          signal: form === "sync" ? undefined : values.signal,
        }).map(([name, value]) => [
          name,
          {
            enumerable: true,
            get: () => {
              expect(calls).toEqual([]);
              reads[name] = (reads[name] ?? 0) + 1;
              return value as unknown;
            },
          },
        ]),
      ),
    ) as ReplaceFileAtomicOptions;
    await replace(options);
    expect(readFileSync(filePath, "utf8")).toBe("x");
    const once = Object.fromEntries(Object.keys(reads).map((name) => [name, 1]));
    expect(reads).toEqual(once);
    expect(Object.keys(reads)).toEqual(
      expect.arrayContaining(["filePath", "content", "mode", "ifMatch", "symlinks", "fileSystem"]),
    );
  });

  it("is not given its options object changed, nor frozen ones refused", async () => {
    const filePath = join(tempDir(), "file");
    const options = Object.freeze({
      filePath,
      content: "x",
      ifMatch: Object.freeze({ absent: true }),
    } as const);
    await replace(options);
    expect(options).toEqual({ filePath, content: "x", ifMatch: { absent: true } });
  });
});

describe("options that are changed after the call", () => {
  it("change nothing", async () => {
    const dir = tempDir();
    const filePath = join(dir, "file");
    writeFileSync(filePath, "old");
    // Behind another call, so that nothing of this one has been done when the options change.
    const first = replaceFileAtomic({ filePath, content: "first" });
    const called: string[] = [];
    const sha256 = "a7937b64b8caa58f03721bb6bacf5c78cb235febe0e70b1b84cd99541461a08e"; // "first"
    const ifMatch: { sha256: string } = { sha256 };
    const options: Record<string, unknown> = {
      filePath,
      content: "second",
      mode: 0o604,
      ifMatch,
      beforeRename: () => void called.push("the right one"),
    };
    const second = replaceFileAtomic(options as unknown as ReplaceFileAtomicOptions);
    options["filePath"] = join(dir, "other");
    options["content"] = "changed";
    options["mode"] = 0o777;
    options["fileSystem"] = {};
    options["symlinks"] = "refuse";
    options["beforeRename"] = () => void called.push("the wrong one");
    ifMatch.sha256 = "0".repeat(64);
    await Promise.all([first, second]);
    expect(readdirSync(dir).toSorted()).toEqual(["file"]);
    expect(readFileSync(filePath, "utf8")).toBe("second");
    expect(fs.statSync(filePath).mode & 0o777).toBe(0o604);
    expect(called).toEqual(["the right one"]);
  });

  it("change nothing of a staged file either", async () => {
    const dir = tempDir();
    const options: { filePath: string; mode: number } = {
      filePath: join(dir, "file"),
      mode: 0o604,
    };
    const file = await stageFileAtomic(options);
    options.filePath = join(dir, "other");
    options.mode = 0o777;
    await file.write("x");
    await file.commit();
    expect(readdirSync(dir).toSorted()).toEqual(["file"]);
    expect(fs.statSync(join(dir, "file")).mode & 0o777).toBe(0o604);
  });

  it("a relative path means the directory that was the working directory at the call", async () => {
    const [one, other] = [tempDir(), tempDir()];
    const before = process.cwd();
    try {
      process.chdir(one);
      const call = replaceFileAtomic({ filePath: "sub/file", content: "x" });
      process.chdir(other);
      const receipt = await call;
      expect(readFileSync(join(one, "sub", "file"), "utf8")).toBe("x");
      expect(receipt.path).toBe(join(one, "sub", "file"));
      expect(readdirSync(other).toSorted()).toEqual([]);
    } finally {
      process.chdir(before);
    }
  });
});
