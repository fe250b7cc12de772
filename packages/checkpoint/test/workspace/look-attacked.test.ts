/** Looks at a path while somebody else is at work there, and while calls fail. */

/* oxlint-disable vitest/no-conditional-expect -- what must be kept depends on what was seen */

import { describe, expect, it, vi } from "vitest";
import {
  and,
  assertPassed,
  createMemoryFileSystem,
  exploreInterference,
  fail,
  grow,
  injectFaults,
  moveAway,
  not,
  op,
  path,
  replaceFile,
  rule,
  sweepFaults,
  swapForDirectory,
  swapForSymlink,
  times,
  type Adversary,
  type NodeFileSystem,
  type Scenario,
} from "@holdfast/testing";
import { openObjects } from "../../src/objects/object-store.ts";
import type { PathState } from "../../src/state.ts";
import { look, type LookSettings } from "../../src/workspace/look.ts";
import { openWorkspaces } from "../../src/workspace/workspaces.ts";
import { run, sha256Of, someBytes } from "../objects/run.ts";

vi.setConfig({ testTimeout: 300_000 });

const file = "/ws/d/f";
const before = someBytes(270_000, 1);
const after = someBytes(270_000, 2);
const secret = "secret of somebody";

/** Locates and looks, on a file system of its own. */
async function lookOn(
  fs: NodeFileSystem,
  settings: Partial<LookSettings> = {},
): Promise<PathState | "outside"> {
  const workspaces = openWorkspaces({
    roots: ["/ws"],
    exclude: [],
    fileSystem: fs,
    offload: undefined,
  });
  const objects = openObjects("/store/objects", { fileSystem: fs });
  try {
    return await run(function* (operation) {
      const { inside } = yield* workspaces.locate(operation, file);
      if (inside === undefined) return "outside";
      const all = { keep: "bytes", maxFileBytes: 300_000, ...settings } as const;
      return (yield* look(operation, inside, objects, all)).state;
    }, fs);
  } finally {
    await workspaces.close();
  }
}

function setup(fs: NodeFileSystem): void {
  fs.mkdirSync("/store");
  fs.mkdirSync("/ws/d", { recursive: true });
  fs.mkdirSync("/outside");
  fs.writeFileSync("/outside/f", secret);
  fs.writeFileSync(file, before);
  fs.utimesSync(file, 1000, 1000);
}

function objectsIn(fs: NodeFileSystem): Map<string, Buffer> {
  const folder = "/store/objects";
  if (!fs.existsSync(folder)) return new Map();
  const names = fs.readdirSync(folder).filter((name) => String(name).length === 2);
  return new Map(
    names.flatMap((shard) =>
      fs
        .readdirSync(`${folder}/${String(shard)}`)
        .map((name) => [
          `${String(shard)}${String(name)}`,
          fs.readFileSync(`${folder}/${String(shard)}/${String(name)}`),
        ]),
    ),
  );
}

/** As an editor that writes in place and sets the time back. */
const rewrite: Adversary = {
  name: "rewrites in place",
  act(fs) {
    fs.writeFileSync(file, after);
    fs.utimesSync(file, 1000, 1000);
  },
  undo(fs) {
    fs.writeFileSync(file, before);
    fs.utimesSync(file, 1000, 1000);
  },
};

const wholes = [before, after, Buffer.concat([before, Buffer.from("+")]), Buffer.from("other")].map(
  sha256Of,
);

/** @param mayGiveUp whether it is changed more often than a look can bear */
const looking = (mayGiveUp: boolean): Scenario<PathState | "outside"> => ({
  setup,
  run: async (fs, ack) => ack(await lookOn(fs)),
  check(fs, { acks, end, leaks }) {
    expect(end).toBe("done");
    expect(leaks).toEqual([]);
    const objects = objectsIn(fs);
    for (const [name, bytes] of objects) expect(sha256Of(bytes)).toBe(name);
    expect(objects.has(sha256Of(secret))).toBe(false);
    const [state] = acks;
    if (state === undefined || state === "outside" || state.kind !== "file") {
      expect(state).toSatisfy(
        (seen: PathState | "outside") =>
          seen === "outside" ||
          ["absent", "symlink"].includes(seen.kind) ||
          (seen.kind === "skipped" && seen.reason === "outside") ||
          (mayGiveUp && seen.kind === "failed" && seen.code === "ERR_CHANGED"),
      );
      return;
    }
    expect(wholes).toContain(state.sha256);
    expect(objects.get(state.sha256)?.byteLength).toBe(state.size);
  },
});

const adversaries: readonly Adversary[] = [
  rewrite,
  replaceFile(file, "other"),
  grow(file, 1),
  moveAway(file),
  swapForSymlink(file, "/outside/f"),
  swapForSymlink("/ws/d", "/outside"),
  swapForDirectory("/ws/d"),
];

it("what is seen was there as a whole, and is kept, whoever acts between any two calls", async () => {
  const report = await exploreInterference(looking(false), { adversaries });
  assertPassed(report);
  for (const { name } of adversaries) expect(report.landed[name]).toBeGreaterThan(10);
});

it("P5 what was changed and changed back meanwhile was there as a whole", async () => {
  const report = await exploreInterference(looking(true), { adversaries: [rewrite], moves: 2 });
  assertPassed(report);
  expect(report.cases).toBeGreaterThan(500);
});

it("who never holds still is not seen, and nothing of it is taken for the file", async () => {
  let writes = 0;
  const memory = createMemoryFileSystem();
  setup(memory.fs);
  const restless = new Proxy(memory.fs, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (name !== "promises") return value;
      return new Proxy(value as NodeFileSystem["promises"], {
        get(promises, method) {
          const call: unknown = Reflect.get(promises, method);
          if (method !== "open") return call;
          return async (...args: Parameters<typeof promises.open>) => {
            const handle = await promises.open(...args);
            if (args[0].toString().startsWith("/store")) return handle;
            const read = handle.read.bind(handle) as (...given: unknown[]) => Promise<object>;
            const andWrite = async (...given: unknown[]): Promise<object> => {
              const got = await read(...given);
              target.writeFileSync(file, someBytes(100, ++writes));
              return got;
            };
            return Object.assign(handle, { read: andWrite });
          };
        },
      });
    },
  });
  expect(await lookOn(restless)).toEqual({ kind: "failed", code: "ERR_CHANGED" });
  expect(writes).toBeGreaterThan(3);
});

describe("calls that fail", () => {
  /** As the root opens what it has pinned. */
  const pinned = path("/proc/self/fd/*");

  it.each([
    { when: op("read"), code: "EIO" },
    { when: and(op("open"), pinned), code: "EACCES" },
    { when: and(op("open"), pinned), code: "EMFILE" },
  ])("what the workspace refuses is a state: $code", async ({ when, code }) => {
    const memory = createMemoryFileSystem({ uid: 1000 });
    setup(memory.fs);
    const fs = injectFaults(memory.fs, [rule(and(when, not(path("/store/**"))), fail(code))]);
    expect(await lookOn(fs)).toEqual({ kind: "failed", code });
    expect(fs.faults.openFiles()).toEqual([]);
    expect(objectsIn(memory.fs).size).toBe(0);
  });

  it.each(["ENOSPC", "EIO"] as const)("what the store refuses is thrown: %s", async (code) => {
    const memory = createMemoryFileSystem();
    setup(memory.fs);
    const when = and(op("write"), path("/store/**"));
    const fs = injectFaults(memory.fs, [rule(when, fail(code))]);
    await expect(lookOn(fs)).rejects.toMatchObject({ code });
    expect(fs.faults.openFiles()).toEqual([]);
  });

  it("a failure that passes is one no more", async () => {
    const memory = createMemoryFileSystem();
    setup(memory.fs);
    const when = and(op("read"), not(path("/store/**")));
    const fs = injectFaults(memory.fs, [rule(when, fail("EIO"), times(2))]);
    expect(await lookOn(fs)).toEqual({ kind: "failed", code: "EIO" });
    expect(await lookOn(fs)).toMatchObject({ kind: "file", sha256: sha256Of(before) });
  });

  it("whatever fails: the right state, a failed one, or an error; never another one", async () => {
    const report = await sweepFaults(
      {
        setup(fs) {
          setup(fs);
          fs.writeFileSync(file, "short");
        },
        run: async (fs, ack) => ack(await lookOn(fs)),
        check(fs, { acks: [state] }) {
          for (const [name, bytes] of objectsIn(fs)) expect(sha256Of(bytes)).toBe(name);
          if (state === undefined || (state !== "outside" && state.kind === "failed")) return;
          expect(state).toMatchObject({ kind: "file", sha256: sha256Of("short"), size: 5 });
          expect([...objectsIn(fs).keys()]).toEqual([sha256Of("short")]);
        },
      } satisfies Scenario<PathState | "outside">,
      {},
    );
    assertPassed(report);
    expect(report.cases).toBeGreaterThan(100);
  });
});
