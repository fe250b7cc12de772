import { once as event } from "node:events";
import * as nodeFs from "node:fs";
import { readdirSync, readlinkSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { needs } from "../../../atomic/test/support/needs.ts";
import { createMemoryFileSystem } from "../../src/memory/create-memory-file-system.ts";
import {
  after,
  and,
  not,
  nth,
  op,
  or,
  path,
  randomly,
  reads,
  writes,
} from "../../src/faults/condition.ts";
import { delay, fail, failAfter, failUnchecked, hang, short } from "../../src/faults/fault.ts";
import { injectFaults, type FaultyFileSystem } from "../../src/faults/inject-faults.ts";
import { once, persistent, rule, times, type Rule } from "../../src/faults/rule.ts";
import { fileSystems, type Place } from "./file-systems.ts";

/** Both faces under one form, so that one test does for both. */
interface Face {
  open(path: string, flags: string): Promise<Open>;
  rename(from: string, to: string): Promise<void>;
  writeFile(path: string, content: string): Promise<void>;
  readFile(path: string): Promise<string>;
  unlink(path: string): Promise<void>;
  mkdir(path: string): Promise<void>;
}

interface Open {
  write(bytes: Buffer): Promise<number>;
  read(into: Buffer): Promise<number>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

const throughPromises = ({ promises: fs }: FaultyFileSystem): Face => ({
  open: async (name, flags) => {
    const handle = await fs.open(name, flags);
    return {
      write: async (bytes) => (await handle.write(bytes)).bytesWritten,
      read: async (into) => (await handle.read(into)).bytesRead,
      sync: () => handle.sync(),
      close: () => handle.close(),
    };
  },
  rename: (from, to) => fs.rename(from, to),
  writeFile: (name, content) => fs.writeFile(name, content),
  readFile: (name) => fs.readFile(name, "utf8"),
  unlink: (name) => fs.unlink(name),
  mkdir: (name) => fs.mkdir(name) as Promise<never>,
});

/* oxlint-disable require-await -- what throws is to reject */
const throughSync = (fs: FaultyFileSystem): Face => ({
  open: async (name, flags) => {
    const fd = fs.openSync(name, flags);
    return {
      write: async (bytes) => fs.writeSync(fd, bytes),
      read: async (into) => fs.readSync(fd, into),
      sync: async () => fs.fsyncSync(fd),
      close: async () => fs.closeSync(fd),
    };
  },
  rename: async (from, to) => fs.renameSync(from, to),
  writeFile: async (name, content) => fs.writeFileSync(name, content),
  readFile: async (name) => fs.readFileSync(name, "utf8"),
  unlink: async (name) => fs.unlinkSync(name),
  mkdir: async (name) => fs.mkdirSync(name) as never,
});
/* oxlint-enable require-await */

const cases = Object.entries(fileSystems).flatMap(([where, make]) => [
  { where, half: "promises", make, through: throughPromises },
  ...(where === "{ promises } alone" ? [] : [{ where, half: "…Sync", make, through: throughSync }]),
]);

const memory = (...tree: string[]): Place => {
  const { fs } = createMemoryFileSystem({ tree: ["d/", ...tree] });
  return { fs, plain: fs as never, dir: "/d" };
};

const codeOf = async (work: Promise<unknown>): Promise<unknown> => {
  try {
    await work;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code;
  }
  return "no error";
};

/** The files in a directory that this process really has open. */
function reallyOpen(dir: string): string[] {
  if (!needs("linux")) return [];
  return readdirSync("/proc/self/fd").flatMap((fd) => {
    try {
      const to = readlinkSync(`/proc/self/fd/${fd}`);
      return to.startsWith(`${dir}/`) ? [to] : [];
    } catch {
      return []; // the one that read this listing
    }
  });
}

describe.each(cases)("on $where, $half:", ({ make, through }) => {
  const start = (...rules: Rule[]): Place & { face: Face; faulty: FaultyFileSystem } => {
    const place = make();
    place.plain.writeFileSync(`${place.dir}/a`, "content");
    const faulty = injectFaults(place.fs, rules);
    return { ...place, faulty, face: through(faulty) };
  };

  it("without a rule everything is as it was", async () => {
    const { face, dir, faulty } = start();
    await face.rename(`${dir}/a`, `${dir}/b`);
    expect(await face.readFile(`${dir}/b`)).toBe("content");
    expect(faulty.faults.log).toEqual([]);
  });

  it("fail: the call has done nothing, and the error is Node's", async () => {
    const failing = rule(and(op("rename"), path("**/b")), fail("EXDEV"));
    const { face, dir, plain, faulty } = start(failing);
    const [from, to] = [`${dir}/a`, `${dir}/b`];
    await expect(face.rename(from, to)).rejects.toMatchObject({
      code: "EXDEV",
      errno: -18,
      syscall: "rename",
      path: from,
      dest: to,
      message: `EXDEV: cross-device link not permitted, rename '${from}' -> '${to}'`,
    });
    expect(plain.readdirSync(dir)).toEqual(["a"]);
    await face.rename(from, `${dir}/c`);
    expect(failing.hits).toBe(1);
    expect(faulty.faults.log).toEqual([`1 rename ${from} -> ${to}: fail("EXDEV")`]);
  });

  it("failAfter: the call has taken effect", async () => {
    const { face, dir, plain } = start(rule(op("rename", "mkdir"), failAfter("EIO")));
    expect(await codeOf(face.rename(`${dir}/a`, `${dir}/b`))).toBe("EIO");
    expect(await codeOf(face.mkdir(`${dir}/sub`))).toBe("EIO");
    expect(plain.readdirSync(dir)).toEqual(["b", "sub"]);
  });

  it("failAfter open: the file is there, and no descriptor of it", async () => {
    const { face, dir, plain, faulty } = start(rule(op("open"), failAfter("EIO"), once()));
    expect(await codeOf(face.open(`${dir}/new`, "wx"))).toBe("EIO");
    expect(plain.existsSync(`${dir}/new`)).toBe(true);
    expect(faulty.faults.openFiles()).toEqual([]);
    expect(reallyOpen(dir)).toEqual([]);
  });

  it("a close that fails gives its descriptor back", async () => {
    for (const how of [fail, failAfter]) {
      const { face, dir, faulty } = start(rule(op("close"), how("EIO")));
      const open = await face.open(`${dir}/a`, "r");
      expect(faulty.faults.openFiles()).toEqual([`${dir}/a`]);
      expect(await codeOf(open.close())).toBe("EIO");
      expect(faulty.faults.openFiles()).toEqual([]);
      expect(reallyOpen(dir)).toEqual([]);
    }
  });

  it("short: reads and writes move fewer bytes, and the next goes on there", async () => {
    const shortened = rule(op("read", "write"), short(2), times(2));
    const { face, dir, plain } = start(shortened);
    const open = await face.open(`${dir}/a`, "r+");
    const into = Buffer.alloc(7);
    expect(await open.read(into)).toBe(2);
    expect(into.toString()).toBe("co\0\0\0\0\0");
    expect(await open.write(Buffer.from("XYZ"))).toBe(2);
    expect(await open.write(Buffer.from("Z!"))).toBe(2);
    await open.close();
    expect(plain.readFileSync(`${dir}/a`, "utf8")).toBe("coXYZ!t");
    expect(shortened.hits).toBe(2);
  });

  it("short(0): a write makes no progress, and a loop goes on", async () => {
    const nothing = rule(writes(), short(0), once());
    const { face, dir, plain } = start(nothing, rule(op("write"), short(1)));
    const open = await face.open(`${dir}/a`, "r+");
    expect(await open.write(Buffer.from("XY"))).toBe(0);
    await open.close();
    await face.writeFile(`${dir}/b`, "long enough");
    expect(plain.readFileSync(`${dir}/a`, "utf8")).toBe("content");
    expect(plain.readFileSync(`${dir}/b`, "utf8")).toBe("long enough");
    expect(nothing.hits).toBe(1);
  });

  it("a call in a writeFile is a call, and what it had opened is closed", async () => {
    const full = rule(writes(), fail("ENOSPC"));
    const { face, dir, plain, faulty } = start(rule(op("write"), fail("ENOSPC")), full);
    expect(await codeOf(face.writeFile(`${dir}/a`, "new"))).toBe("ENOSPC");
    expect(faulty.faults.openFiles()).toEqual([]);
    // Of a full disk files can be removed.
    await face.unlink(`${dir}/a`);
    expect(plain.readdirSync(dir)).toEqual([]);
  });

  it("delay: the call is made all the same", async () => {
    const late = rule(op("rename"), delay(1));
    const failing = rule(op("unlink"), delay(1), fail("EIO"));
    const { face, dir, plain, faulty } = start(late, failing);
    await face.rename(`${dir}/a`, `${dir}/b`);
    expect(await codeOf(face.unlink(`${dir}/b`))).toBe("EIO");
    expect(plain.readdirSync(dir)).toEqual(["b"]);
    expect([late.hits, failing.hits]).toEqual([1, 1]);
    expect(faulty.faults.log[1]).toBe(`2 unlink ${dir}/b: delay(1), fail("EIO")`);
  });

  it("by probability: the same calls, in both faces", async () => {
    const dice = rule(and(op("mkdir"), randomly({ seed: 7, probability: 0.3 })), fail("EIO"));
    const { face, dir } = start(dice);
    const failed: number[] = [];
    for (let at = 1; at <= 15; at++) {
      if ((await codeOf(face.mkdir(`${dir}/${at}`))) === "EIO") failed.push(at);
    }
    expect(failed).toEqual([3, 7, 10, 13]);
  });
});

describe("how often", () => {
  const failedStats = async (...rules: Rule[]): Promise<number[]> => {
    const faulty = injectFaults(memory("d/a = x").fs, rules);
    const failed: number[] = [];
    for (let at = 1; at <= 6; at++) {
      if ((await codeOf(faulty.promises.stat("/d/a"))) === "EIO") failed.push(at);
    }
    return failed;
  };

  it.each([
    [[fail("EIO"), once()], [1]],
    [
      [fail("EIO"), times(2)],
      [1, 2],
    ],
    [
      [fail("EIO"), persistent()],
      [1, 2, 3, 4, 5, 6],
    ],
    [[fail("EIO")], [1, 2, 3, 4, 5, 6]],
  ] as const)("%s", async ([what, ...limits], expected) => {
    const one = rule(op("stat"), what, ...limits);
    expect(await failedStats(one)).toEqual(expected);
    expect(one.hits).toBe(expected.length);
  });

  it("goes with what counts", async () => {
    expect(await failedStats(rule(nth(3), fail("EIO")))).toEqual([3]);
    expect(await failedStats(rule(after(2), fail("EIO"), times(2)))).toEqual([3, 4]);
    expect(await failedStats(rule(or(nth(1), nth(4)), fail("EIO")))).toEqual([1, 4]);
  });

  it("the first rule that matches and is not spent acts; every rule counts every call", async () => {
    const first = rule(op("stat"), delay(0), times(2));
    const third = rule(nth(3), fail("EIO"));
    const second = rule(nth(2), fail("EIO"));
    expect(await failedStats(first, second, third)).toEqual([3]);
    expect([first.hits, second.hits, third.hits]).toEqual([2, 0, 1]);
  });

  it("counts for an errno only the calls that can give it", async () => {
    const faulty = injectFaults(memory("d/a = x").fs, rule(nth(2), fail("ENOSPC")));
    await faulty.promises.stat("/d/a");
    await faulty.promises.unlink("/d/a");
    await faulty.promises.mkdir("/d/first");
    await faulty.promises.lstat("/d/first");
    expect(await codeOf(faulty.promises.mkdir("/d/second"))).toBe("ENOSPC");
  });
});

describe("hang", () => {
  it("holds a call until it is released", async () => {
    const held = rule(op("rename"), hang(), once());
    const { fs, plain } = memory("d/a = x");
    const faulty = injectFaults(fs, held);
    let renamed = false;
    const renaming = faulty.promises.rename("/d/a", "/d/b").then(() => (renamed = true));
    await held.reached();
    await new Promise(setImmediate);
    expect(renamed).toBe(false);
    expect(plain.readdirSync("/d")).toEqual(["a"]);
    held.release();
    await renaming;
    expect(plain.readdirSync("/d")).toEqual(["b"]);
    await faulty.promises.rename("/d/b", "/d/c");
  });

  it("holds each anew, and can fail afterwards", async () => {
    const held = rule(op("unlink"), hang(), fail("EIO"));
    const faulty = injectFaults(memory("d/a = x").fs, held);
    const first = codeOf(faulty.promises.unlink("/d/a"));
    held.release();
    expect(await first).toBe("EIO");
    const second = codeOf(faulty.promises.unlink("/d/a"));
    const third = codeOf(faulty.promises.unlink("/d/a"));
    await held.reached(3);
    held.release();
    expect(await Promise.all([second, third])).toEqual(["EIO", "EIO"]);
  });

  it("is refused to a synchronous call, by name", () => {
    const faulty = injectFaults(memory("d/a = x").fs, rule(op("rename"), hang()));
    expect(() => faulty.renameSync("/d/a", "/d/b")).toThrow(
      /hang\(\) met a synchronous call \(rename \/d\/a -> \/d\/b\).*ERR_INVALID_ARG/,
    );
    expect(faulty.existsSync("/d/a")).toBe(true);
  });
});

describe("the file system that is returned", () => {
  it("fails callbacks, streams and handles too", async () => {
    const { fs } = memory("d/a = x");
    const faulty = injectFaults(fs, rule(op("write", "unlink"), fail("EIO")));
    const stream = faulty.createWriteStream("/d/b");
    stream.end("content");
    const [error] = (await event(stream, "error")) as [NodeJS.ErrnoException];
    expect(error.code).toBe("EIO");
    const called = await new Promise((resolve) => faulty.unlink("/d/a", resolve));
    expect(called).toMatchObject({ code: "EIO", syscall: "unlink", path: "/d/a" });
    const handle = await faulty.promises.open("/d/c", "w");
    expect(await codeOf(handle.writeFile("x"))).toBe("EIO");
    await handle.close();
    expect(faulty.faults.openFiles()).toEqual([]);
  });

  it("can be spread, and is one itself", async () => {
    const { fs } = memory("d/a = x");
    const inner = injectFaults(fs, rule(op("unlink"), fail("EIO")));
    const outer = injectFaults({ ...inner }, rule(op("rename"), fail("EXDEV")));
    expect(await codeOf(outer.promises.unlink("/d/a"))).toBe("EIO");
    expect(await codeOf(outer.promises.rename("/d/a", "/d/b"))).toBe("EXDEV");
    expect(await codeOf(inner.promises.rename("/d/a", "/d/b"))).toBe("no error");
    expect(Object.keys(outer)).not.toContain("faults");
  });

  it("names calls on closed descriptors", () => {
    const { fs } = memory("d/a = x");
    const faulty = injectFaults(fs, []);
    const fd = faulty.openSync("/d/a", "r");
    faulty.closeSync(fd);
    expect(() => faulty.closeSync(fd)).toThrow("EBADF");
    expect(faulty.faults.callsOnClosed).toEqual(["close /d/a"]);
  });

  it("gives mkdtemp's error a path of the form that Node gives it", () => {
    const faulty = injectFaults(memory().fs, rule(op("mkdtemp"), fail("ENOSPC")));
    const pathOf = ({ mkdtempSync }: Pick<typeof nodeFs, "mkdtempSync">): unknown => {
      try {
        return mkdtempSync("/no-such/x-");
      } catch (error) {
        return (error as NodeJS.ErrnoException).path;
      }
    };
    expect(pathOf(nodeFs)).toMatch(/^\/no-such\/x-\w{6}$/);
    expect(pathOf(faulty)).toBe("/no-such/x-XXXXXX");
  });
});

describe("refused", () => {
  const refused =
    (...rules: Rule[]): (() => void) =>
    () => {
      injectFaults(memory().fs, rules);
    };

  it("an errno that a named call cannot give, with what it can", () => {
    expect(refused(rule(op("unlink"), fail("ENOSPC")))).toThrow(
      /op\("unlink"\), fail\("ENOSPC"\)\): unlink cannot give ENOSPC on linux, only EIO, EACCES, .*; failUnchecked\("ENOSPC"\) insists/,
    );
    expect(refused(rule(op("write", "unlink"), failAfter("ENOSPC")))).toThrow("unlink cannot");
    expect(refused(rule(and(op("fsync"), path("**")), fail("ENOENT")))).toThrow("fsync cannot");
    expect(refused(rule(reads(), fail("EXDEV")))).toThrow(TypeError);
    expect(refused(rule(and(op("unlink", "write"), op("write")), fail("ENOSPC")))).not.toThrow();
    expect(refused(rule(not(op("unlink")), fail("ENOSPC")))).not.toThrow();
  });

  it("by the platform of the file system", () => {
    const { fs } = createMemoryFileSystem({ platform: "win32" });
    const busy = rule(op("unlink"), fail("EBUSY"));
    const quota = rule(op("write"), fail("EDQUOT"));
    expect(() => injectFaults(fs, busy)).not.toThrow();
    expect(() => injectFaults(fs, quota)).toThrow("write cannot give EDQUOT on win32");
    expect(refused(quota)).not.toThrow();
  });

  it("but not by failUnchecked", async () => {
    const insisting = rule(op("unlink"), failUnchecked("ENOSPC"));
    const faulty = injectFaults(memory("d/a = x").fs, insisting);
    expect(await codeOf(faulty.promises.unlink("/d/a"))).toBe("ENOSPC");
  });

  it("a shortened call that moves nothing, and a read of no bytes", () => {
    expect(refused(rule(op("rename"), short(1)))).toThrow("rename moves no bytes");
    expect(refused(rule(op("read"), short(0)))).toThrow(
      "a read of no bytes is the end of the file",
    );
    expect(refused(rule(path("**"), short(0)))).not.toThrow();
  });

  it("what is no errno, no amount, no rule, no call", () => {
    expect(() => fail("ENOSUCH")).toThrow(/fail: "errno" must be the name of an errno/);
    expect(() => failUnchecked("")).toThrow(RangeError);
    for (const bytes of [-1, 0.5, Number.NaN]) expect(() => short(bytes)).toThrow(RangeError);
    for (const ms of [-1, Number.NaN, 2 ** 31]) expect(() => delay(ms)).toThrow(RangeError);
    for (const n of [0, 1.5]) expect(() => times(n)).toThrow(RangeError);
    expect(refused({} as Rule)).toThrow(/"rules" must be made by rule\(\)/);
    expect(refused(rule(and(op("stat"), op("open")), fail("EIO")))).toThrow("no such call");
    expect(() => injectFaults(null as never, [])).toThrow(TypeError);
  });

  it("parts that do not go together", () => {
    const any = op("write");
    expect(() => rule(any, fail("EIO"), short(1))).toThrow("only one can be");
    expect(() => rule(any, fail("EIO"), failAfter("EIO"))).toThrow("only one can be");
    expect(() => rule(any, delay(1), hang())).toThrow("only one can be");
    expect(() => rule(any, fail("EIO"), once(), times(2))).toThrow("only one can be");
    expect(() => rule(any, once() as never)).toThrow(/"what" must be a fault/);
    expect(() => rule(any, fail("EIO"), "once" as never)).toThrow(/"what" must be a fault/);
    expect(() => rule("write" as never, fail("EIO"))).toThrow(/"when" must be a condition/);
  });
});

describe("a rule prints as it is written", () => {
  it.each([
    [
      rule(and(op("rename"), path("**/*.json")), fail("EXDEV"), once()),
      'rule(and(op("rename"), path("**/*.json")), fail("EXDEV"), once())',
    ],
    [
      rule(writes(), delay(5), failAfter("EIO"), times(3)),
      'rule(writes(), delay(5), failAfter("EIO"), times(3))',
    ],
    [rule(reads(), hang(), failUnchecked("EIO")), 'rule(reads(), hang(), failUnchecked("EIO"))'],
    [rule(op("read"), short(3), persistent()), 'rule(op("read"), short(3), persistent())'],
  ])("%s", (one, text) => {
    expect(String(one)).toBe(text);
  });
});

it("what belongs to faults and rules can be taken from them", async () => {
  const slow = rule(op("rename"), hang(), once());
  const { fs } = createMemoryFileSystem({ tree: ["a = 1"] });
  const faulty = injectFaults(fs, slow);
  const { openFiles } = faulty.faults;
  const fd = faulty.openSync("/a", "r");
  expect(openFiles()).toEqual(["/a"]);
  faulty.closeSync(fd);
  expect(openFiles()).toEqual([]);
  const { reached, release } = slow;
  const renamed = faulty.promises.rename("/a", "/b");
  await reached();
  release();
  await renamed;
  expect(fs.existsSync("/b")).toBe(true);
  const { begin } = op("rename");
  expect(begin("linux")({ name: "unlink" } as never)).toBe(false);
});
