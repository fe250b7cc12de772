import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { needs } from "../../../atomic/test/support/needs.ts";
import type { AuditEvent, WalkEntry } from "../../src/index.ts";
import {
  asynchronous,
  forms,
  formsByIdentity,
  ground,
  makeDeep,
  openDescriptors,
  synchronous,
  type Opened,
} from "./support/roots.ts";

function furnished(): ReturnType<typeof ground> {
  const places = ground();
  const { inside, outside } = places;
  mkdirSync(join(inside, "a/b/c"), { recursive: true });
  writeFileSync(join(inside, "a/b/c/deep"), "");
  writeFileSync(join(inside, "a/b/file"), "");
  writeFileSync(join(inside, "top"), "");
  writeFileSync(join(outside, "secret"), "");
  symlinkSync("a/b", join(inside, "link"));
  symlinkSync("../outside", join(inside, "out"));
  return places;
}

/** One loop for both forms: what is met, handed to `each`, which may be asynchronous. */
async function walk(
  { root }: Opened,
  args: unknown[],
  each: (entry: WalkEntry) => unknown = () => {},
): Promise<string[]> {
  const paths: string[] = [];
  const step = async (entry: WalkEntry): Promise<boolean> => {
    paths.push(entry.path);
    return (await each(entry)) === "stop";
  };
  if ("walkSync" in root) {
    for (const entry of root.walkSync(...args)) if (await step(entry)) break;
  } else {
    for await (const entry of root.walk(...args)) if (await step(entry)) break;
  }
  return paths;
}

describe.runIf(needs("linux")).each([...forms, ...formsByIdentity])("$name", (form) => {
  it("meets everything, parents first, and follows no link", async () => {
    const opened = await form.open(furnished().inside);
    const met: WalkEntry[] = [];
    const paths = await walk(opened, [], (entry) => met.push(entry));
    const all = ["a", "a/b", "a/b/c", "a/b/c/deep", "a/b/file", "link", "out", "top"];
    expect(paths.toSorted()).toEqual(all);
    for (const [index, path] of paths.entries()) {
      // That of what is at the top is met nowhere: -1.
      expect(paths.indexOf(path.slice(0, Math.max(0, path.lastIndexOf("/"))))).toBeLessThan(index);
    }
    for (const { path, name, depth, entry } of met) {
      expect(path.split("/")).toHaveLength(depth + 1);
      expect(entry.name).toBe(name);
      expect(join(entry.parentPath, name)).toBe(path);
    }
    const kinds = Object.fromEntries(met.map(({ path, entry }) => [path, entry.isDirectory()]));
    expect(kinds).toMatchObject({ a: true, link: false, out: false, top: false });
  });

  it("from a directory inside: paths and entries as the caller would name them", async () => {
    const opened = await form.open(furnished().inside);
    const met: WalkEntry[] = [];
    const paths = await walk(opened, ["link/"], (entry) => met.push(entry));
    expect(paths.toSorted()).toEqual(["link/c", "link/c/deep", "link/file"]);
    const parents = Object.fromEntries(met.map(({ path, entry }) => [path, entry.parentPath]));
    expect(parents).toEqual({ "link/c": "link/", "link/c/deep": "link/c", "link/file": "link/" });
  });

  it("does not go where it may not: enter, and closed places, which are met", async () => {
    const { inside } = furnished();
    const opened = await form.open(inside, { deny: { read: ["a/b/c"] } });
    expect((await walk(opened, ["a"])).toSorted()).toEqual(["a/b", "a/b/c", "a/b/file"]);
    const asked: string[] = [];
    const enter = ({ path }: WalkEntry): boolean => {
      asked.push(path);
      return path !== "a/b";
    };
    const paths = await walk(opened, [".", { enter }]);
    expect(paths.toSorted()).toEqual(["a", "a/b", "link", "out", "top"]);
    expect(asked).toEqual(["a", "a/b"]);
    await expect(walk(opened, ["a/b/c"])).rejects.toMatchObject({ code: "ERR_DENIED" });
  });

  it("ends where a budget is used up, and not before", async () => {
    const opened = await form.open(furnished().inside);
    expect(await walk(opened, [".", { maxEntries: 8, maxDepth: 3 }])).toHaveLength(8);
    let seen = 0;
    const tooMany = walk(opened, [".", { maxEntries: 7 }], () => seen++);
    await expect(tooMany).rejects.toMatchObject({
      code: "ERR_TOO_LARGE",
      path: ".",
      effect: "none",
    });
    expect(seen).toBe(7);
    const tooDeep = walk(opened, ["a", { maxDepth: 1 }]);
    await expect(tooDeep).rejects.toMatchObject({ code: "ERR_TOO_LARGE", path: "a" });
    expect(await walk(opened, ["a/b", { maxDepth: 1 }])).toHaveLength(3);
    await expect(walk(opened, [".", { maxEntries: -1 }])).rejects.toBeInstanceOf(RangeError);
    await expect(walk(opened, [".", { enter: "all" }])).rejects.toBeInstanceOf(TypeError);
  });

  it("fails as readdir does", async () => {
    const opened = await form.open(furnished().inside);
    const before = openDescriptors();
    for (const [path, code] of Object.entries({
      missing: "ENOENT",
      top: "ENOTDIR",
      out: "ERR_PATH_ESCAPES",
      "..": "ERR_PATH_ESCAPES",
    })) {
      await expect(walk(opened, [path])).rejects.toMatchObject({ code, path });
    }
    expect(openDescriptors()).toBe(before);
  });

  it("may be left early, removing what is met included; nothing stays open", async () => {
    const { inside } = furnished();
    const opened = await form.open(inside);
    const before = openDescriptors();
    const enter = (): boolean => true;
    expect(await walk(opened, [".", { enter }], () => "stop")).toHaveLength(1);
    expect(openDescriptors()).toBe(before);
    const paths = await walk(opened, ["a"], ({ path }) => {
      // Gone before the walk looks into it: as if it had been empty.
      rmSync(join(inside, path), { recursive: true });
    });
    expect(paths).toEqual(["a/b"]);
    expect(openDescriptors()).toBe(before);
  });

  it("R5 what is swapped for a link or a file after it was met is not entered", async () => {
    const { inside, outside } = furnished();
    const opened = await form.open(inside);
    const paths = await walk(opened, ["."], ({ path }) => {
      if (path !== "a/b") return;
      renameSync(join(inside, "a/b"), join(inside, "moved"));
      symlinkSync(outside, join(inside, "a/b"));
    });
    expect(paths).toContain("a/b");
    expect(paths.filter((path) => path.startsWith("a/b/"))).toEqual([]);
    const again = await walk(opened, ["moved"], ({ path }) => {
      if (path !== "moved/c") return;
      rmSync(join(inside, "moved/c"), { recursive: true });
      writeFileSync(join(inside, "moved/c"), "");
    });
    expect(again.toSorted()).toEqual(["moved/c", "moved/file"]);
  });

  it("does not keep the root from being closed, and ends with it", async () => {
    const opened = await form.open(furnished().inside);
    const met: string[] = [];
    const walking = walk(opened, ["a"], async ({ path }) => {
      met.push(path);
      await opened.root.close();
    });
    await expect(walking).rejects.toMatchObject({ code: "ERR_CLOSED", path: join("a", "b") });
    expect(met).toEqual(["a/b"]);
  });

  it("audit is told of each directory", async () => {
    const events: AuditEvent[] = [];
    const audit = (event: AuditEvent): void => void events.push(event);
    const opened = await form.open(furnished().inside, { audit });
    await walk(opened, ["a"]);
    const method = form.sync ? "walkSync" : "walk";
    expect(events.map((event) => [event.method, event.path, event.result])).toEqual([
      [method, "a", "ok"],
      [method, "a/b", "ok"],
      [method, "a/b/c", "ok"],
    ]);
  });
});

describe.runIf(needs("linux")).each(forms)("$name", (form) => {
  it("goes deeper than a path can be long, and keeps one descriptor at most", async () => {
    const { inside } = ground();
    const depth = 3000;
    makeDeep(inside, depth);
    const opened = await form.open(inside);
    const before = openDescriptors();
    let [count, most] = [0, 0];
    const last = await walk(opened, ["."], ({ depth: at }) => {
      count++;
      if (at % 100 === 0) most = Math.max(most, openDescriptors());
    });
    expect(count).toBe(depth);
    expect(last.at(-1)).toHaveLength(depth * 2 - 1);
    expect(most - before).toBeLessThanOrEqual(1);
    expect(openDescriptors()).toBe(before);
    const left = await walk(opened, ["."], ({ depth: at }) => (at === 700 ? "stop" : undefined));
    expect(left).toHaveLength(701);
    expect(openDescriptors()).toBe(before);
  }, 60_000);

  it("finds its way back up from the depth", async () => {
    const { inside } = ground();
    makeDeep(inside, 520, ["x", "y"]);
    const opened = await form.open(inside);
    const before = openDescriptors();
    expect(new Set(await walk(opened, [])).size).toBe(1040);
    expect(openDescriptors()).toBe(before);
  }, 60_000);
});

describe.runIf(needs("linux"))("signals", () => {
  it("end a walk between two entries, and before the first", async () => {
    const { inside } = ground();
    for (const name of ["one", "two"]) writeFileSync(join(inside, name), "");
    const opened = await asynchronous.open(inside);
    const controller = new AbortController();
    const met: string[] = [];
    const walking = walk(opened, [".", { signal: controller.signal }], ({ path }) => {
      met.push(path);
      controller.abort(new Error("enough"));
    });
    await expect(walking).rejects.toMatchObject({
      name: "AbortError",
      code: "ABORT_ERR",
      path: ".",
    });
    expect(met).toHaveLength(1);
    const { signal } = controller;
    await expect(walk(opened, [".", { signal }])).rejects.toMatchObject({ code: "ABORT_ERR" });
  });

  it("cannot end a synchronous one", async () => {
    const opened = await synchronous.open(furnished().inside);
    const { signal } = new AbortController();
    await expect(walk(opened, [".", { signal }])).rejects.toBeInstanceOf(TypeError);
  });
});
