/** What cannot be meant is refused, before anything is touched. */

import { describe, expect, it } from "vitest";
import { openRoot, openRootSync } from "@holdfast/root";
import { tempDir } from "../../../atomic/test/support/temp-dir.ts";
import type { ByteStore, JsonTarget } from "../../src/index.ts";
import { endOf, filesIn, halves, type Functions } from "./support/twice.ts";

/** A file system that must not be called. */
const untouchable = new Proxy({} as Record<string, unknown>, {
  get(_, name) {
    if (name === "platform" || name === "then") return undefined;
    if (name === "promises") return untouchable;
    return () => {
      throw new Error(`called: ${String(name)}`);
    };
  },
});

const calls = {
  readJson: (json: Functions, target: JsonTarget, options: object) =>
    json.readJson(target, options),
  readJsonIfExists: (json: Functions, target: JsonTarget, options: object) =>
    json.readJsonIfExists(target, options),
  writeJson: (json: Functions, target: JsonTarget, options: object) =>
    json.writeJson(target, 1, options),
  updateJson: (json: Functions, target: JsonTarget, options: object) =>
    json.updateJson(target, () => 1, options),
};
type Name = keyof typeof calls;
const names = Object.keys(calls) as Name[];
const reading: readonly Name[] = ["readJson", "readJsonIfExists", "updateJson"];
const writing: readonly Name[] = ["writeJson", "updateJson"];

async function proveRefused(
  of: readonly Name[],
  target: (json: Functions) => JsonTarget,
  options: object,
  named: string | RegExp,
): Promise<void> {
  for (const name of of) {
    for (const json of halves) {
      const { error, value } = await endOf(() => calls[name](json, target(json), options));
      expect({ name, half: json.half, value }).toMatchObject({ value: undefined });
      expect(error).toMatchObject({ code: "ERR_INVALID_ARG" });
      expect(error instanceof TypeError || error instanceof RangeError).toBe(true);
      const op = json.half === "sync" ? `${name}Sync` : name;
      expect(error?.message).toMatch(new RegExp(`^${op}: `));
      expect(error?.message).toMatch(named);
    }
  }
}

const proveUntouched = (
  of: readonly Name[],
  options: object,
  named: string | RegExp,
): Promise<void> =>
  proveRefused(of, () => "/nowhere/a.json", { fileSystem: untouchable, ...options }, named);

describe("options", () => {
  it("that do not exist are refused", async () => {
    await proveUntouched(names, { spaces: 2 }, '"spaces"');
    await proveUntouched(["readJson"], { durable: false }, '"durable"');
    await proveUntouched(["readJson", "writeJson"], { lockTimeoutMs: 1 }, '"lockTimeoutMs"');
    await proveUntouched(["writeJson"], { maxBytes: 1 }, '"maxBytes"');
    await proveUntouched(["writeJson"], { validate: () => 1 }, '"validate"');
  });

  it.each([
    [names, null, "options"],
    [names, "utf8", "options"],
    [reading, { maxBytes: -1 }, "maxBytes"],
    [reading, { maxBytes: 1.5 }, "maxBytes"],
    [reading, { maxBytes: "1" }, "maxBytes"],
    [reading, { maxBytes: Number.NaN }, "maxBytes"],
    [reading, { duplicateKeys: "first" }, "duplicateKeys"],
    [reading, { bigint: true }, "bigint"],
    [reading, { validate: {} }, "validate"],
    [reading, { validate: null }, "validate"],
    [writing, { space: -1 }, "space"],
    [writing, { space: 11 }, "space"],
    [writing, { space: 1.5 }, "space"],
    [writing, { space: "--" }, "space"],
    [writing, { space: true }, "space"],
    [writing, { sortKeys: 1 }, "sortKeys"],
    [writing, { mode: "600" }, "mode"],
    [writing, { mode: 0o10000 }, "mode"],
    [writing, { dirMode: -1 }, "dirMode"],
    [writing, { durable: "yes" }, "durable"],
    [writing, { symlinks: "ignore" }, "symlinks"],
    [writing, { hardlinks: "keep" }, "hardlinks"],
    [writing, { ownership: true }, "ownership"],
    [writing, { readonly: true }, "readonly"],
    [writing, { inPlaceFallback: 0 }, "inPlaceFallback"],
    [["updateJson"], { lockTimeoutMs: -1 }, "lockTimeoutMs"],
    [["updateJson"], { lockTimeoutMs: "5" }, "lockTimeoutMs"],
    [["updateJson"], { initial: () => 1 }, "initial"],
    [names, { offload: "all" }, "offload"],
    [names, { signal: {} }, "signal"],
    [names, { fileSystem: {} }, "fileSystem"],
    [names, { fileSystem: 1 }, "fileSystem"],
  ] as const)("that make no sense are refused: %j %j", async (of, options, named) => {
    if (options === null || typeof options === "string") {
      await proveRefused(of, () => "/nowhere/a.json", options as never, named);
    } else await proveUntouched(of, options, named);
  });

  it("that would have to be waited for are refused by a synchronous call", async () => {
    for (const options of [{ signal: new AbortController().signal }, { offload: "calls" }]) {
      for (const name of names) {
        const { error } = await endOf(() => calls[name](halves[1]!, "/nowhere/a.json", options));
        expect(error).toMatchObject({ code: "ERR_INVALID_ARG" });
        expect(error?.message).toContain(Object.keys(options)[0]!);
      }
    }
  });

  it("fn must be a function", async () => {
    for (const json of halves) {
      const { error } = await endOf(() => json.updateJson("/nowhere/a.json", 1 as never));
      expect(error).toMatchObject({ code: "ERR_INVALID_ARG" });
    }
  });
});

describe("targets", () => {
  it.each([
    [undefined, "target"],
    [null, "target"],
    [3, "target"],
    ["", "target"],
    ["a\0b", "target"],
    [new URL("https://example.org/a.json"), "target"],
    [{}, "target"],
    [{ path: "a" }, "target"],
    [{ root: null, path: "a" }, "target.root"],
    [{ root: {}, path: "a" }, "target.root"],
    [[], "target"],
  ] as const)("that are none are refused: %j", async (target, named) => {
    await proveRefused(names, () => target as never, {}, named);
  });

  it("a root of the other half is refused, and what a root says itself", async () => {
    const dir = tempDir();
    await using root = await openRoot(dir);
    using rootSync = openRootSync(dir);
    const right = ({ half }: Functions): JsonTarget => ({
      root: half === "sync" ? rootSync : root,
      path: "a.json",
    });
    const wrong = ({ half }: Functions): JsonTarget => ({
      root: half === "sync" ? root : rootSync,
      path: "a.json",
    });
    await proveRefused(names, wrong, {}, "RootSync");
    await proveRefused(names, right, { fileSystem: untouchable }, "fileSystem");
    for (const options of [
      { dirMode: 0o700 },
      { symlinks: "follow" },
      { hardlinks: "break" },
      { ownership: "ignore" },
      { readonly: "override" },
      { inPlaceFallback: false },
    ]) {
      await proveRefused(writing, right, options, Object.keys(options)[0]!);
    }
    for (const stray of [{ mode: 0o600 }, { durable: false }, { signal: undefined }]) {
      const beside = (json: Functions): JsonTarget =>
        ({ ...(right(json) as object), ...stray }) as never;
      await proveRefused(names, beside, {}, new RegExp(`no "${Object.keys(stray)[0]}"`));
    }
    await proveRefused(writing, right, { mode: -1 }, "mode");
    await proveRefused(writing, right, { durable: 1 }, "durable");
    await proveRefused(
      names,
      ({ half }) => ({ ...(right({ half } as never) as object), path: "" }) as never,
      {},
      "target.path",
    );
    expect(filesIn(dir)).toEqual({});
  });

  it("a store without what is needed is refused, and what means nothing for it", async () => {
    const called: string[] = [];
    const call = (name: string) => () => {
      called.push(name);
      return undefined as never;
    };
    const whole: ByteStore = {
      read: call("read"),
      replace: call("replace"),
      exclusively: call("exclusively"),
      readSync: call("readSync"),
      replaceSync: call("replaceSync"),
      exclusivelySync: call("exclusivelySync"),
    };
    const without = (name: "read" | "replace" | "exclusively") => () => ({
      ...whole,
      [name]: undefined,
      [`${name}Sync`]: undefined,
    });
    await proveRefused(reading, without("read"), {}, "target.read");
    await proveRefused(writing, without("replace"), {}, "target.replace");
    await proveRefused(["writeJson"], without("read"), { space: "preserve" }, "target.read");
    await proveRefused(["updateJson"], without("exclusively"), {}, "target.exclusively");
    await proveRefused(["updateJson"], () => whole, { lockTimeoutMs: 1000 }, "lockTimeoutMs");
    await proveRefused(names, () => whole, { fileSystem: untouchable }, "fileSystem");
    for (const options of [{ mode: 0o600 }, { durable: true }, { symlinks: "follow" }]) {
      await proveRefused(writing, () => whole, options, Object.keys(options)[0]!);
    }
    expect(called).toEqual([]);
  });
});
