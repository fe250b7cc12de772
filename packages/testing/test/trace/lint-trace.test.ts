import nodeFs from "node:fs";
import { describe, expect, it } from "vitest";
import { replaceFileAtomic, replaceFileAtomicSync } from "../../../atomic/src/index.ts";
import { tempDir } from "../../../atomic/test/support/temp-dir.ts";
import type { FileSystemLike } from "../../src/calls/node-file-system.ts";
import { createMemoryFileSystem } from "../../src/memory/create-memory-file-system.ts";
import { lintRuleNames } from "../../src/trace/lint-rules.ts";
import { lintTrace, type LintFinding } from "../../src/trace/lint-trace.ts";
import { traceFileSystem } from "../../src/trace/trace-file-system.ts";
import type { Trace } from "../../src/trace/trace.ts";
import {
  examples,
  flush,
  replace,
  stage,
  type LintExample,
  type TracedProgram,
} from "./lint-programs.ts";

async function traceOf(program: TracedProgram, fails?: LintExample["fails"]): Promise<Trace> {
  const { fs } = createMemoryFileSystem({
    tree: ["home/state = old", "home/log = ", "home/left.tmp = ", "tmp/"],
  });
  const trace = traceFileSystem(fails === undefined ? fs : failing(fs, ...fails));
  await program(trace.fs, trace);
  return trace;
}

/** The first call of that name fails. */
function failing(fs: FileSystemLike, method: string, code: string): FileSystemLike {
  let failed = false;
  return {
    ...fs,
    [`${method}Sync`]: (...args: unknown[]) => {
      const result = (fs as Record<string, (...all: unknown[]) => unknown>)[`${method}Sync`]!(
        ...args,
      );
      if (failed) return result;
      failed = true;
      throw Object.assign(new Error(`${code}: made up, ${method}`), { code, syscall: method });
    },
  };
}

const of = (findings: readonly LintFinding[], rule: string): LintFinding[] =>
  findings.filter((finding) => finding.rule === rule);

describe.each(examples)("$rule: $title", ({ rule, bad, good, message, call, fails }) => {
  it("is found", async () => {
    const found = of(lintTrace(await traceOf(bad, fails)), rule);
    expect(found).toEqual([
      {
        rule,
        message,
        call,
        caller: expect.stringMatching(/\/test\/trace\/lint-programs\.ts:\d+:\d+$/) as string,
        hint: expect.stringMatching(/./) as string,
      },
    ]);
  });

  it("is not found in what is right", async () => {
    expect(of(lintTrace(await traceOf(good, fails)), rule)).toEqual([]);
  });

  it("is not found if it is switched off", async () => {
    const trace = await traceOf(bad, fails);
    expect(of(lintTrace(trace, { off: [rule] }), rule)).toEqual([]);
  });
});

it("has an example for each rule", () => {
  expect(new Set(examples.map(({ rule }) => rule))).toEqual(new Set(lintRuleNames));
});

describe("right programs", () => {
  it("the recipe", async () => {
    const trace = await traceOf(replace);
    expect(lintTrace(trace, { end: "acknowledged" })).toEqual([]);
  });

  it("a lock: made, held, removed, made again", async () => {
    const trace = await traceOf((fs) => {
      for (let round = 0; round < 2; round++) {
        fs.closeSync(fs.openSync("/home/lock", "wx"));
        fs.unlinkSync("/home/lock");
      }
    });
    expect(lintTrace(trace, { end: "acknowledged" })).toEqual([]);
  });

  it("a lock that is a link", async () => {
    const trace = await traceOf((fs) => {
      fs.closeSync(fs.openSync("/home/mine", "wx"));
      for (let round = 0; round < 2; round++) {
        fs.linkSync("/home/mine", "/home/lock");
        fs.unlinkSync("/home/lock");
      }
      fs.unlinkSync("/home/mine");
    });
    expect(lintTrace(trace, { end: "acknowledged" })).toEqual([]);
  });

  it("a name that is kept free until the file is there", async () => {
    const trace = await traceOf((fs) => {
      fs.closeSync(fs.openSync("/home/new", "wx"));
      stage(fs, "/home/new.tmp");
      fs.unlinkSync("/home/new");
      fs.renameSync("/home/new.tmp", "/home/new");
      flush(fs, "/home");
    });
    expect(lintTrace(trace, { end: "acknowledged" })).toEqual([]);
  });

  it("what Node looks at itself in one method", async () => {
    const trace = await traceOf((fs) => {
      fs.mkdirSync("/home/a/b", { recursive: true });
      fs.cpSync("/home", "/copy", { recursive: true });
      fs.cpSync("/home", "/copy", { recursive: true });
      fs.rmSync("/copy", { recursive: true });
    });
    expect(lintTrace(trace)).toEqual([]);
  });

  it("a log that is rotated", async () => {
    const trace = await traceOf((fs) => {
      fs.renameSync("/home/log", "/home/log.1");
      const fd = fs.openSync("/home/log", "a");
      fs.writeSync(fd, "x");
      fs.fsyncSync(fd);
      fs.closeSync(fd);
      flush(fs, "/home");
    });
    expect(lintTrace(trace, { end: "acknowledged" })).toEqual([]);
  });

  it("a whole directory, staged and moved", async () => {
    const trace = await traceOf((fs) => {
      fs.mkdirSync("/home/next");
      stage(fs, "/home/next/a");
      flush(fs, "/home/next");
      fs.renameSync("/home/next", "/home/current");
      flush(fs, "/home");
    });
    expect(lintTrace(trace, { end: "acknowledged" })).toEqual([]);
  });

  it("writing in place, flushed, of which nobody was told", async () => {
    const trace = await traceOf((fs) => {
      fs.writeFileSync("/home/state", "new", { flush: true });
    });
    expect(lintTrace(trace)).toEqual([]);
  });

  it.each(["/home/state", "/home/new", "/home/a/b/new"])("replaceFileAtomic %s", async (path) => {
    const once = await traceOf((fs) =>
      replaceFileAtomic({ filePath: path, content: "new", fileSystem: fs }),
    );
    expect(once.lines().length).toBeGreaterThan(3);
    expect(lintTrace(once, { end: "acknowledged" })).toEqual([]);
    const sync = await traceOf((fs) =>
      replaceFileAtomicSync({ filePath: path, content: "new", fileSystem: fs }),
    );
    expect(lintTrace(sync, { end: "acknowledged" })).toEqual([]);
  });

  it("replaceFileAtomic on a real disk", async () => {
    const trace = traceFileSystem(nodeFs);
    const filePath = `${tempDir()}/state`;
    for (const text of ["one", "two"]) {
      await replaceFileAtomic({ filePath, content: text, fileSystem: trace.fs });
      trace.ack(text);
    }
    expect(lintTrace(trace)).toEqual([]);
  });
});

describe("a program that does everything wrong", () => {
  const program: TracedProgram = (fs) => {
    fs.writeFileSync("/tmp/state", "new");
    fs.unlinkSync("/home/state");
    fs.renameSync("/tmp/state", "/home/state");
  };

  it("hears all of it, the earliest first", async () => {
    const found = lintTrace(await traceOf(program), { end: "acknowledged" });
    expect(found.map(({ rule, call }) => `${rule}: ${call}`)).toEqual([
      "staged-not-exclusive: open tmp/staged w",
      "name-gone: unlink home/state",
      "rename-unsynced-data: rename tmp/staged -> home/state",
      "staged-elsewhere: rename tmp/staged -> home/state",
      "ack-unsynced-data: write tmp/staged 3",
      "ack-unsynced-entry: rename tmp/staged -> home/state",
    ]);
  });

  it("hears nothing of what is ignored, or switched off", async () => {
    const trace = await traceOf(program);
    expect(lintTrace(trace, { end: "acknowledged", off: lintRuleNames })).toEqual([]);
    const ignore = (path: string): boolean => path.startsWith("/tmp/");
    const found = lintTrace(trace, { ignore }).map(({ rule }) => rule);
    expect(found).toEqual(["name-gone"]);
  });
});

it("the end of a trace is no acknowledgement unless it is said so", async () => {
  const trace = await traceOf((fs) => fs.mkdirSync("/home/new"));
  expect(lintTrace(trace)).toEqual([]);
  expect(lintTrace(trace, { end: "acknowledged" }).map(({ rule }) => rule)).toEqual([
    "new-directory-unflushed",
  ]);
});

it("an acknowledgement is judged once, however often it is repeated", async () => {
  const trace = await traceOf((fs) => fs.unlinkSync("/home/state"));
  trace.ack("one");
  trace.ack("two");
  expect(of(lintTrace(trace), "ack-unsynced-entry")).toHaveLength(1);
});

it("a directory that cannot be flushed is no failed flush", async () => {
  const trace = await traceOf(
    (fs) => {
      for (let i = 0; i < 2; i++) {
        try {
          flush(fs, "/home");
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== "EINVAL") throw error;
        }
      }
    },
    ["fsync", "EINVAL"],
  );
  expect(lintTrace(trace, { end: "acknowledged" })).toEqual([]);
});

it("refuses options that mean nothing", async () => {
  const trace = await traceOf(replace);
  const invalid = expect.objectContaining({ code: "ERR_INVALID_ARG" }) as Error;
  expect(() => lintTrace(trace, { off: ["no-such-rule" as never] })).toThrow(invalid);
  expect(() => lintTrace(trace, { end: "now" as never })).toThrow(invalid);
  expect(() => lintTrace([] as never)).toThrow(invalid);
});
