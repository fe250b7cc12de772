import { createMemoryFileSystem, type NodeFileSystem } from "@holdfast/testing";
import { expect, test } from "vitest";
import type { FileSystem } from "@holdfast/fs";
import { openRootSync } from "../../src/index.ts";
import { openByPath } from "./support/identity-root.ts";
import { passTime, useSleepingClock } from "./support/sleeping-clock.ts";

const tree = ["srv/ws/a/b/f = content", "outside/b/f = outside"];

function world(): NodeFileSystem {
  useSleepingClock();
  const { fs } = createMemoryFileSystem({ platform: "other", tree });
  passTime(10_000);
  return fs;
}

type Call = (...args: unknown[]) => unknown;

/** The same file system with something done before each call of these names. */
function before(fs: NodeFileSystem, act: (name: string, path: string) => void): object {
  const methods = Object.entries(fs.promises as unknown as Record<string, Call>).map(
    ([name, method]) =>
      [
        name,
        (...args: unknown[]) => {
          act(name, String(args[0]));
          return method.apply(fs.promises, args);
        },
      ] as const,
  );
  return { ...fs, promises: Object.fromEntries(methods) };
}

/** The same file system with other change times: of a coarse clock, of one that is ahead. */
function stamped(fs: NodeFileSystem, stamp: (ns: bigint) => bigint): object {
  const promises = fs.promises as unknown as Record<string, Call>;
  const lstat = async (...args: unknown[]): Promise<unknown> => {
    const stats = (await promises["lstat"]!.apply(promises, args)) as { ctimeNs: bigint };
    const ctimeNs = stamp(stats.ctimeNs);
    return new Proxy(stats, {
      get: (of, name) => {
        if (name === "ctimeNs") return ctimeNs;
        const value: unknown = Reflect.get(of, name);
        return typeof value === "function" ? value.bind(of) : value;
      },
    });
  };
  return { ...fs, promises: { ...promises, lstat } };
}

const touch = (fs: NodeFileSystem, directory: string): void => {
  fs.writeFileSync(`${directory}/touched`, "");
  fs.unlinkSync(`${directory}/touched`);
};

test("both a directory and the one above changing is refused in the end, and nothing was changed", async () => {
  const fs = world();
  const busy = before(fs, (name) => {
    if (name !== "lstat") return;
    touch(fs, "/srv/ws/a");
    touch(fs, "/srv/ws/a/b");
  });
  const root = await openByPath("/srv/ws", busy);
  const refused = { code: "ERR_CHANGED", effect: "none", kind: "state" };
  await expect(root.readFile("a/b/f")).rejects.toMatchObject(refused);
  await expect(root.writeFile("a/b/f", "x")).rejects.toMatchObject(refused);
  expect(fs.readFileSync("/srv/ws/a/b/f", "utf8")).toBe("content");
});

test.each([["/srv/ws/a"], ["/srv/ws/a/b"], ["/srv"]])(
  "only %s changing is no alarm",
  async (busyOne) => {
    const fs = world();
    const root = await openByPath(
      "/srv/ws",
      before(fs, (name) => name === "lstat" && touch(fs, busyOne)),
    );
    expect(await root.readFile("a/b/f", "utf8")).toBe("content");
  },
);

test("where stamps are whole seconds, two seconds are waited", async () => {
  const fs = world();
  const coarse = stamped(fs, (ns) => ns - (ns % 1_000_000_000n));
  const root = await openByPath("/srv/ws", coarse);
  fs.mkdirSync("/srv/ws/a/new");
  fs.mkdirSync("/srv/ws/a/new/newer");
  const from = Date.now();
  await root.writeFile("a/new/newer/f", "x", { durable: false });
  expect(Date.now() - from).toBeGreaterThan(1000); // the clock of the test
  expect(fs.readFileSync("/srv/ws/a/new/newer/f", "utf8")).toBe("x");
});

test("a change waits until the directory above can prove where it was made", async () => {
  const fs = world();
  const made: number[] = [];
  const seen = before(fs, (name) => name === "rename" && made.push(Date.now()));
  const root = await openByPath("/srv/ws", seen);
  touch(fs, "/srv/ws/a"); // young; the change itself will make a/b young too
  const from = Date.now();
  await root.writeFile("a/b/f", "written", { durable: false });
  expect(made).toHaveLength(1);
  expect(made[0]! - from).toBeGreaterThanOrEqual(20); // the clock of the test
});

test("stamps from the future prove nothing", async () => {
  const fs = world();
  const ahead = stamped(fs, (ns) => ns + 60_000_000_000n);
  const root = await openByPath("/srv/ws", ahead);
  await expect(root.readFile("a/b/f")).rejects.toMatchObject({
    code: "ERR_CHANGED",
    effect: "none",
  });
});

test("two changes in one tick of the clock leave no trace, so what is younger than a tick proves nothing", async () => {
  const fs = world();
  const tick = 16_000_000n;
  touch(fs, "/srv/ws/a/b"); // young, and the one above is old
  let swapped = 0;
  const swapping = before(fs, (name) => {
    if (name === "readdir" && swapped === 0) {
      swapped = 1;
      fs.renameSync("/srv/ws/a/b", "/srv/ws/a/b.aside");
      fs.symlinkSync("/outside", "/srv/ws/a/b");
    } else if (swapped === 1) {
      swapped = 2;
      fs.unlinkSync("/srv/ws/a/b");
      fs.renameSync("/srv/ws/a/b.aside", "/srv/ws/a/b");
    }
  });
  const ticking = stamped(swapping as NodeFileSystem, (ns) => ns - (ns % tick));
  const root = await openByPath("/srv/ws", ticking);
  expect(await root.readdir("a/b")).toEqual(["f"]);
  expect(swapped).toBe(2);
});

test("a change whose way cannot be proved is looked for, and believed if it is there", async () => {
  const fs = world();
  let written = false;
  const busy = before(fs, (name, path) => {
    if (name === "rename") written = true;
    if (!written || name !== "lstat" || path !== "/srv/ws/a") return;
    written = false; // once: after the change, before it is proved
    touch(fs, "/srv/ws/a");
    touch(fs, "/srv/ws");
  });
  const root = await openByPath("/srv/ws", busy);
  await root.writeFile("a/f", "written", { durable: false });
  expect(fs.readFileSync("/srv/ws/a/f", "utf8")).toBe("written");
});

test("one that is not there is not", async () => {
  const fs = world();
  const led = before(fs, (name, path) => {
    if (name !== "rename") return;
    expect(path).toContain("/srv/ws/a/b/");
    // What is staged is moved along, so that the rename succeeds out there.
    const staged = path.slice(path.lastIndexOf("/") + 1);
    fs.renameSync(path, `/outside/b/${staged}`);
    fs.renameSync("/srv/ws/a", "/srv/ws/a.aside");
    fs.symlinkSync("/outside", "/srv/ws/a");
  });
  const root = await openByPath("/srv/ws", led);
  await expect(root.writeFile("a/b/f", "written", { durable: false })).rejects.toMatchObject({
    code: "ERR_CHANGED",
    effect: "unknown",
    message: expect.stringMatching(/may have been made elsewhere/),
  });
  expect(fs.readFileSync("/outside/b/f", "utf8")).toBe("written");
});

test("bad arguments and paths that cannot be inside touch nothing", async () => {
  const fs = world();
  const calls: string[] = [];
  const root = await openByPath(
    "/srv/ws",
    before(fs, (name) => calls.push(name)),
  );
  calls.length = 0;
  await expect(root.readFile("../x")).rejects.toMatchObject({ code: "ERR_PATH_ESCAPES" });
  await expect(root.readFile(7 as never)).rejects.toMatchObject({ code: "ERR_INVALID_ARG" });
  expect(calls).toEqual([]);
});

test("few calls: each directory is looked at when it is met and at the end", async () => {
  const fs = world();
  const calls: string[] = [];
  const root = await openByPath(
    "/srv/ws",
    before(fs, (name, path) => calls.push(`${name} ${path}`)),
  );
  calls.length = 0;
  await root.readFile("a/b/f");
  expect(calls.filter((call) => call.startsWith("lstat /srv/ws/a/b/f"))).toHaveLength(1);
  for (const directory of ["/srv/.", "/srv/ws", "/srv/ws/a", "/srv/ws/a/b"]) {
    expect(calls.filter((call) => call === `lstat ${directory}`)).toHaveLength(2);
  }
  expect(calls).toHaveLength(1 + 8 + 1);
});

test("the synchronous twin finds the same", () => {
  const fs = world();
  const fileSystem = { ...fs, platform: "other" } as unknown as FileSystem;
  const root = openRootSync("/srv/ws", { fileSystem });
  expect(root.containment).toBe("identity");
  expect(root.readFileSync("a/b/f", "utf8")).toBe("content");
  root.writeFileSync("a/b/f", "written", { durable: false });
  expect(fs.readFileSync("/srv/ws/a/b/f", "utf8")).toBe("written");
  fs.renameSync("/srv/ws/a", "/srv/ws/c");
  fs.symlinkSync("/outside", "/srv/ws/a");
  expect(() => root.readFileSync("a/b/f")).toThrow(/ERR_PATH_ESCAPES/);
});

test("a link that says in full where it leads is inside if it names the root as it is, or was opened", async () => {
  const fs = world();
  fs.symlinkSync("/srv", "/alias");
  fs.symlinkSync("/srv/ws/a/b/f", "/srv/ws/plain");
  fs.symlinkSync("/alias/ws/a/../a/b/f", "/srv/ws/as-opened");
  // Found out by going there it would tell which directories there are outside.
  fs.symlinkSync("/alias/./ws/a/b/f", "/srv/ws/roundabout");
  fs.symlinkSync("/alias/../outside/b/f", "/srv/ws/out");
  fs.symlinkSync("/alias/ws/../../outside/b/f", "/srv/ws/out-and-through");
  const root = await openByPath("/alias/ws", fs);
  expect(await root.readFile("plain", "utf8")).toBe("content");
  expect(await root.readFile("as-opened", "utf8")).toBe("content");
  for (const path of ["out", "out-and-through", "roundabout"]) {
    await expect(root.readFile(path)).rejects.toMatchObject({ code: "ERR_PATH_ESCAPES" });
  }
});

// An attempt that gave up left directories behind that nobody had proved, and the next one took them for
// proved: then nobody looked at them again.
test("a directory that was given up on is not relied on afterwards", async () => {
  const fs = world();
  const looked = new Map<string, number>();
  let gaveUp = false;
  let swapped = false;
  const busy = before(fs, (name, path) => {
    if (name === "lstat" && !gaveUp) {
      // Somebody who waits looks once, and again when time has passed.
      gaveUp = path === "/srv/ws/a" && looked.get(path) === Date.now();
      looked.set(path, Date.now());
      if (!gaveUp) {
        touch(fs, "/srv/ws/a");
        touch(fs, "/srv/ws/a/b");
      }
    } else if (name === "open" && gaveUp && !swapped) {
      swapped = true;
      fs.renameSync("/srv/ws/a/b", "/srv/ws/a/b.aside");
      fs.symlinkSync("/outside/b", "/srv/ws/a/b");
    }
  });
  const root = await openByPath("/srv/ws", busy);
  const refused = { code: "ERR_CHANGED" };
  await expect(root.writeFile("a/b/f", "x")).rejects.toMatchObject(refused);
});
