/** What a linter must find, and what it must leave alone, in the words of those who use files so. */

import { describe, expect, it } from "vitest";
import { createMemoryFileSystem } from "../../src/memory/create-memory-file-system.ts";
import { lintTrace, type LintOptions } from "../../src/trace/lint-trace.ts";
import { traceFileSystem } from "../../src/trace/trace-file-system.ts";
import { flush, stage, type TracedProgram } from "./lint-programs.ts";

const tree = ["d/s = content", "d/other = 12345", "d/empty = ", "d/x.lock = 1", "d/link => s"];

async function findings(program: TracedProgram, options?: LintOptions): Promise<string[]> {
  const trace = traceFileSystem(createMemoryFileSystem({ tree: [...tree, "to => d"] }).fs);
  await program(trace.fs, trace);
  return lintTrace(trace, options).map(({ rule, call }) => `${rule}: ${call}`);
}

async function rules(program: TracedProgram, options?: LintOptions): Promise<string[]> {
  return (await findings(program, options)).map((line) => line.slice(0, line.indexOf(":")));
}

describe("name-gone is found", () => {
  const programs: Readonly<Record<string, TracedProgram>> = {
    "the file was made in the trace": (fs) => {
      stage(fs, "/d/new");
      stage(fs, "/d/new.tmp");
      fs.unlinkSync("/d/new");
      fs.renameSync("/d/new.tmp", "/d/new");
    },
    "renamed to a backup, then written with wx": (fs) => {
      fs.renameSync("/d/s", "/d/s.bak");
      fs.writeFileSync("/d/s", "new", { flag: "wx" });
    },
    "removed, then written with wx": (fs) => {
      fs.unlinkSync("/d/s");
      fs.writeFileSync("/d/s", "new", { flag: "wx" });
    },
    "opened to be appended to, with nothing to append": (fs) => {
      fs.writeFileSync("/d/s", "", { flag: "a" });
      fs.unlinkSync("/d/s");
      fs.writeFileSync("/d/s", "new");
    },
    "a symbolic link, removed and made again": (fs) => {
      fs.unlinkSync("/d/link");
      fs.symlinkSync("v2", "/d/link");
    },
    "the same, with links made in the trace": (fs) => {
      fs.symlinkSync("v1", "/d/cur");
      fs.unlinkSync("/d/cur");
      fs.symlinkSync("v2", "/d/cur");
    },
    "removed, then linked": (fs) => {
      stage(fs, "/d/s.tmp");
      fs.unlinkSync("/d/s");
      fs.linkSync("/d/s.tmp", "/d/s");
      fs.unlinkSync("/d/s.tmp");
    },
    "removed, and written anew without wx; said so in between": (fs, trace) => {
      fs.unlinkSync("/d/s");
      fs.writeFileSync("/d/s", "new");
      trace.ack("saved");
      fs.renameSync("/d/s", "/d/s.1");
    },
  };

  it.each(Object.entries(programs))("%s", async (_, program) => {
    expect((await rules(program)).filter((rule) => rule === "name-gone")).toEqual(["name-gone"]);
  });
});

describe("name-gone leaves alone", () => {
  const programs: Readonly<Record<string, TracedProgram>> = {
    "a pid file that is removed for good": (fs) => {
      fs.writeFileSync("/d/my.pid", "1", { flag: "wx" });
      fs.unlinkSync("/d/my.pid");
    },
    "a lock of this trace, held again at the end": (fs) => {
      for (let round = 0; round < 2; round++) {
        fs.writeFileSync("/d/owner", "1", { flag: "wx" });
        if (round === 0) fs.unlinkSync("/d/owner");
      }
    },
    "a stale lock, by its name": (fs) => {
      fs.unlinkSync("/d/x.lock");
      fs.writeFileSync("/d/x.lock", "2", { flag: "wx" });
    },
    "a stale lock, released in the end, acknowledged meanwhile": (fs, trace) => {
      fs.unlinkSync("/d/other");
      fs.writeFileSync("/d/other", "2", { flag: "wx" });
      trace.ack("done under the lock");
      fs.unlinkSync("/d/other");
    },
    "a stale lock without content": (fs) => {
      fs.unlinkSync("/d/empty");
      fs.closeSync(fs.openSync("/d/empty", "wx"));
    },
    "a lock that is a symbolic link": (fs) => {
      for (let round = 0; round < 2; round++) {
        fs.symlinkSync("host.4711", "/d/held");
        if (round === 0) fs.unlinkSync("/d/held");
      }
    },
    "a lock that is a link to a file with content": (fs) => {
      fs.writeFileSync("/d/mine", "4711", { flag: "wx" });
      for (let round = 0; round < 2; round++) {
        fs.linkSync("/d/mine", "/d/held");
        if (round === 0) fs.unlinkSync("/d/held");
      }
    },
    "the next staged file, after the first has gone where it belongs": (fs) => {
      stage(fs, "/d/s.tmp", "w");
      fs.renameSync("/d/s.tmp", "/d/s");
      stage(fs, "/d/s.tmp", "w");
    },
    "a staged file of an earlier run, made anew": (fs) => {
      fs.unlinkSync("/d/other");
      stage(fs, "/d/other", "w");
      fs.renameSync("/d/other", "/d/s");
    },
  };

  it.each(Object.entries(programs))("%s", async (_, program) => {
    expect((await rules(program)).filter((rule) => rule === "name-gone")).toEqual([]);
  });
});

describe("no false alarm", () => {
  const programs: Readonly<Record<string, TracedProgram>> = {
    "a backup by link, of what was there": (fs) => {
      fs.writeFileSync("/d/s", "", { flush: true });
      fs.linkSync("/d/s", "/d/s.bak");
    },
    "a backup by link, of what is new": (fs) => {
      stage(fs, "/d/new", "w");
      fs.linkSync("/d/new", "/d/new.bak");
    },
    "a rotation of what was there": (fs) => {
      fs.writeFileSync("/d/s", "", { flush: true });
      fs.renameSync("/d/s", "/s.1");
    },
    "a rotation of what was acknowledged": (fs, trace) => {
      stage(fs, "/d/new", "w");
      flush(fs, "/d");
      trace.ack("new");
      fs.renameSync("/d/new", "/d/new.1");
      flush(fs, "/d");
    },
    "an fsync through a symbolic link": (fs, trace) => {
      fs.appendFileSync("/d/s", "more");
      flush(fs, "/d/link");
      trace.ack("saved");
    },
    "written through a symbolic link": (fs, trace) => {
      fs.appendFileSync("/d/link", "more");
      flush(fs, "/d/s");
      trace.ack("saved");
    },
    "cut short through a symbolic link": (fs, trace) => {
      fs.truncateSync("/d/link", 0);
      flush(fs, "/d/s");
      trace.ack("saved");
    },
    "a directory flushed through a symbolic link": (fs, trace) => {
      fs.unlinkSync("/d/s");
      flush(fs, "/to");
      trace.ack("removed");
    },
    "removed and flushed through one symbolic link": (fs, trace) => {
      fs.unlinkSync("/to/s");
      flush(fs, "/to");
      trace.ack("removed");
    },
    "one's own old files removed": (fs) => {
      fs.rmSync("/d/s");
      fs.rmSync("/d/other", { force: true });
    },
    "a whole tree removed, with what is in it": (fs) => fs.rmSync("/d", { recursive: true }),
  };

  it.each(Object.entries(programs))("%s", async (_, program) => {
    expect(await findings(program)).toEqual([]);
  });

  it("the same with promises, through a symbolic link", async () => {
    const program: TracedProgram = async ({ promises }, trace) => {
      await promises.appendFile("/d/s", "more");
      const handle = await promises.open("/d/link", "r");
      await handle.sync();
      await handle.close();
      trace.ack("saved");
    };
    expect(await findings(program)).toEqual([]);
  });
});

it("what is still found: a fixed staged name without O_EXCL, also if it was left there", async () => {
  const found = await findings((fs) => {
    fs.writeFileSync("/d/s.new", "left");
    fs.linkSync("/d/s.new", "/d/t");
    fs.unlinkSync("/d/s.new");
  });
  expect(found).toContain("staged-not-exclusive: open staged w");
  const { fs } = createMemoryFileSystem({ tree: ["s = old", "s.tmp = left"] });
  const trace = traceFileSystem(fs);
  stage(trace.fs, "/s.tmp", "w");
  trace.fs.renameSync("/s.tmp", "/s");
  trace.ack("saved");
  expect(lintTrace(trace).map(({ rule }) => rule)).toEqual([
    "staged-not-exclusive",
    "ack-unsynced-entry", // s.tmp is gone
    "ack-unsynced-entry", // s is new
  ]);
});

it("what is still found: a file written through a link that no fsync covers, a new one too", async () => {
  const found = await findings((fs, trace) => {
    fs.appendFileSync("/d/link", "more");
    flush(fs, "/d/other");
    trace.ack("saved");
  });
  expect(found).toEqual(["ack-unsynced-data: write link 4"]);
  const trace = traceFileSystem(createMemoryFileSystem({ tree: ["d/l => new", "d/e/"] }).fs);
  trace.fs.writeFileSync("/d/l", "x", { flush: true });
  flush(trace.fs, "/d/e");
  trace.ack("saved");
  expect(lintTrace(trace).map(({ rule, message }) => `${rule}: ${message}`)).toEqual([
    expect.stringMatching(/^ack-unsynced-entry: new is acknowledged/) as string,
  ]);
});

it("somebody else's staged file or lock is not one's own to remove", async () => {
  const trace = traceFileSystem(
    createMemoryFileSystem({ tree: ["s = 1", "s.3f2a9c = ", "l.lock = "] }).fs,
  );
  trace.fs.readFileSync("/s");
  trace.fs.rmSync("/s.3f2a9c");
  trace.fs.rmSync("/l.lock");
  expect(lintTrace(trace).map(({ rule, call }) => `${rule}: ${call}`)).toEqual([
    expect.stringMatching(/^unlink-foreign: unlink /) as string,
    "unlink-foreign: unlink l.lock",
  ]);
});

describe("in-place-overwrite is found", () => {
  const programs: Readonly<Record<string, [program: TracedProgram, call: string]>> = {
    writeFile: [(fs) => fs.writeFileSync("/d/s", "new", { flush: true }), "open s w"],
    "through a symbolic link": [
      (fs) => fs.writeFileSync("/d/link", "new", { flush: true }),
      "open link w",
    ],
    "r+": [(fs) => stage(fs, "/d/s", "r+"), "write s 3"],
    "ftruncate, then an append": [
      (fs) => {
        const fd = fs.openSync("/d/s", "a");
        fs.ftruncateSync(fd, 0);
        fs.writeSync(fd, "new");
        fs.fsyncSync(fd);
        fs.closeSync(fd);
      },
      "ftruncate s 0",
    ],
    "truncate by path, then an append": [
      (fs) => {
        fs.truncateSync("/d/s", 0);
        fs.appendFileSync("/d/s", "new", { flush: true });
      },
      "truncate s 0",
    ],
    "at a place in the middle": [
      (fs) => {
        const fd = fs.openSync("/d/s", "r+");
        fs.writeSync(fd, "xx", 3);
        fs.fsyncSync(fd);
        fs.closeSync(fd);
      },
      "write s 2",
    ],
    "made in the trace, and acknowledged": [
      (fs, trace) => {
        stage(fs, "/d/new");
        flush(fs, "/d");
        trace.ack("one");
        stage(fs, "/d/new", "w");
      },
      "open new w",
    ],
  };

  it.each(Object.entries(programs))("%s", async (_, [program, call]) => {
    const found = await findings(program, { end: "acknowledged" });
    expect(found.filter((line) => line.startsWith("in-place"))).toEqual([
      `in-place-overwrite: ${call}`,
    ]);
    expect(await rules(program)).not.toContain("in-place-overwrite");
  });
});

it("in-place-overwrite is found each time that it is done", async () => {
  const found = await findings((fs, trace) => {
    for (const flags of ["w", "r+"]) {
      stage(fs, "/d/s", flags);
      trace.ack(flags);
    }
  });
  expect(found).toEqual(["in-place-overwrite: open s w", "in-place-overwrite: write s 3"]);
});

describe("in-place-overwrite leaves alone", () => {
  const programs: Readonly<Record<string, TracedProgram>> = {
    "an append": (fs) => fs.appendFileSync("/d/s", "more", { flush: true }),
    "what had no content": (fs) => fs.writeFileSync("/d/empty", "x", { flush: true }),
    "what is only emptied": (fs) => fs.writeFileSync("/d/s", "", { flush: true }),
    "what is new, written twice before anybody is told": (fs) => {
      stage(fs, "/d/new");
      stage(fs, "/d/new", "w");
    },
    "after the end, read first": (fs) => {
      const fd = fs.openSync("/d/s", "r+");
      fs.readSync(fd, Buffer.alloc(100));
      fs.writeSync(fd, "more");
      fs.writeSync(fd, "more", 11);
      fs.fsyncSync(fd);
      fs.closeSync(fd);
    },
    "a write of nothing": (fs) => {
      const fd = fs.openSync("/d/s", "r+");
      fs.writeSync(fd, Buffer.alloc(0));
      fs.closeSync(fd);
    },
    "a log whose bad tail is cut off": (fs) => {
      const fd = fs.openSync("/d/s", "a");
      fs.ftruncateSync(fd, 3);
      fs.writeSync(fd, "more");
      fs.fsyncSync(fd);
      fs.closeSync(fd);
    },
    "a staged file that was left there": (fs) => {
      stage(fs, "/d/other", "w");
      fs.renameSync("/d/other", "/d/s");
      flush(fs, "/d");
    },
  };

  it.each(Object.entries(programs))("%s", async (_, program) => {
    expect(await rules(program, { end: "acknowledged" })).not.toContain("in-place-overwrite");
  });
});

it("the cause comes before what follows from it; callers are shown as in the lines", async () => {
  const trace = traceFileSystem(createMemoryFileSystem({ tree }).fs);
  trace.fs.writeFileSync("/d/s.tmp", "new", { flag: "wx" });
  trace.fs.renameSync("/d/s.tmp", "/d/s");
  trace.ack("saved");
  const found = lintTrace(trace);
  expect(found.map(({ rule }) => rule)).toEqual([
    "rename-unsynced-data",
    "ack-unsynced-data",
    "ack-unsynced-entry",
  ]);
  const caller = found[0]!.caller!;
  expect(caller).toMatch(/^packages\/testing\/test\/trace\/lint-findings\.test\.ts:\d+:\d+$/);
  expect(trace.lines({ callers: true })).toContain(`rename staged -> s  (${caller})`);
});
