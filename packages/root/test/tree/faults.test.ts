/** Every call of `rm` and `cp` fails once: what the error says of the tree is true, nothing stays open. */

import { describe, expect, it, vi } from "vitest";
import {
  assertPassed,
  sweepFaults,
  type End,
  type NodeFileSystem,
  type Scenario,
} from "@holdfast/testing";
import {
  isHoldfastError,
  type Effect,
  openRoot,
  openRootSync,
  type FileSystem,
  type RootOptions,
} from "../../src/index.ts";

vi.setConfig({ testTimeout: 240_000 });

type Run = (fs: NodeFileSystem, method: "rm" | "cp", ...args: unknown[]) => Promise<void>;

const halves: readonly { readonly half: string; readonly run: Run }[] = [
  {
    half: "async",
    async run(fs, method, ...args) {
      const root: any = await openRoot("/r", { fileSystem: fs as FileSystem, ...held });
      try {
        await root[method](...args);
      } finally {
        await root.close();
      }
    },
  },
  {
    half: "sync",
    async run(fs, method, ...args) {
      const root: any = openRootSync("/r", { fileSystem: fs as FileSystem, ...held });
      try {
        root[`${method}Sync`](...args);
      } finally {
        root.close();
      }
    },
  },
];

/** A fault that makes the mechanism look broken must not lead to the weaker one unnoticed. */
const held: RootOptions = { require: "descriptor" };

const tree = ["r/t/a/b/c/f = text", "r/t/a/l => /outside", "r/t/z = last", "outside/kept = kept"];

const stateOf = (fs: NodeFileSystem, path: string): string =>
  fs.lstatSync(path, { throwIfNoEntry: false }) === undefined
    ? "missing"
    : fs
        .readdirSync(path, { recursive: true, encoding: "utf8" })
        .filter((name) => !name.includes(".holdfast-")) // the sweep itself looks for those
        .sort()
        .join(" ");

async function prove(scenario: Scenario): Promise<void> {
  const report = await sweepFaults(scenario, { memory: { tree } });
  assertPassed(report);
  expect(report.cases).toBeGreaterThan(50);
}

/** What the call says of its effect; nothing where it is the root that failed to open or close. */
function effectOf(end: End): Effect | "done" | undefined {
  if (end === "done") return end;
  if (!isHoldfastError(end)) throw new Error("not ours", { cause: end });
  return /^(?:rm|cp)/.test(end.op) ? end.effect : undefined;
}

const whole = "a a/b a/b/c a/b/c/f a/l z";

describe.each(halves)("$half", ({ run }) => {
  it("rm", async () => {
    await prove({
      name: "rm",
      run: (fs) => run(fs, "rm", "t", { recursive: true }),
      check(fs, { end, leaks }) {
        expect(leaks).toEqual([]);
        expect(fs.readFileSync("/outside/kept", "utf8")).toBe("kept");
        const left = stateOf(fs, "/r/t");
        const effect = effectOf(end);
        if (effect === "none") expect(left).toBe(whole);
        if (effect === "done" || effect === "complete") expect(left).toBe("missing");
        if (effect === "partial") expect([whole, "missing"]).not.toContain(left);
      },
    });
  });

  it("rm of a file", async () => {
    await prove({
      name: "rm of a file",
      run: (fs) => run(fs, "rm", "t/z"),
      check(fs, { end, leaks }) {
        expect(leaks).toEqual([]);
        const isThere = stateOf(fs, "/r/t").includes("z");
        const effect = effectOf(end);
        expect(effect).not.toBe("partial");
        if (effect === "none") expect(isThere).toBe(true);
        if (effect === "done" || effect === "complete") expect(isThere).toBe(false);
      },
    });
  });

  it("cp", async () => {
    await prove({
      name: "cp",
      run: (fs) => run(fs, "cp", "t", "u", { recursive: true, preserveTimestamps: true }),
      check(fs, { end, leaks }) {
        expect(leaks).toEqual([]);
        expect(stateOf(fs, "/r/t")).toBe(whole);
        expect(fs.readdirSync("/outside")).toEqual(["kept"]);
        const made = stateOf(fs, "/r/u");
        const effect = effectOf(end);
        if (effect === "none") expect(made).toBe("missing");
        if (effect === "partial") expect(made).not.toBe("missing");
        if (effect === "done") {
          expect(made).toBe(whole);
          expect(fs.readFileSync("/r/u/a/b/c/f", "utf8")).toBe("text");
        }
        for (const file of ["/r/u/a/b/c/f", "/r/u/z"]) {
          if (fs.existsSync(file))
            expect(["text", "last"]).toContain(fs.readFileSync(file, "utf8"));
        }
      },
    });
  });

  it("cp over a file and a link", async () => {
    await prove({
      name: "cp over",
      setup(fs) {
        fs.mkdirSync("/r/u/a", { recursive: true });
        fs.writeFileSync("/r/u/z", "old");
        fs.symlinkSync("old", "/r/u/a/l");
      },
      run: (fs) => run(fs, "cp", "t", "u", { recursive: true }),
      check(fs, { end, leaks }) {
        expect(leaks).toEqual([]);
        const now = [fs.readFileSync("/r/u/z", "utf8"), fs.readlinkSync("/r/u/a/l")];
        const isOld = now.join() === "old,old" && stateOf(fs, "/r/u") === "a a/l z";
        expect(["old", "last"]).toContain(now[0]);
        expect(["old", "/outside"]).toContain(now[1]);
        const effect = effectOf(end);
        if (effect === "done") expect(now).toEqual(["last", "/outside"]);
        if (effect === "none") expect(isOld).toBe(true);
      },
    });
  });
});
