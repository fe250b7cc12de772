import {
  chmodSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import * as fs from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { needs } from "../../../atomic/test/support/needs.ts";
import { tempDir } from "../../../atomic/test/support/temp-dir.ts";
import { openByPath } from "./support/identity-root.ts";
import { interruptedFs } from "./support/interrupted-fs.ts";

interface World {
  readonly dir: string;
  readonly inside: string;
  readonly outside: string;
}

function world(): World {
  const dir = tempDir();
  mkdirSync(join(dir, "ws/a"), { recursive: true });
  writeFileSync(join(dir, "ws/a/f"), "content");
  writeFileSync(join(dir, "outside"), "outside");
  chmodSync(join(dir, "ws/a/f"), 0o644);
  chmodSync(join(dir, "outside"), 0o600);
  return { dir, inside: join(dir, "ws/a/f"), outside: join(dir, "outside") };
}

/** Before the first call of this name, the file has become a link to the one outside. */
function swapBefore(call: string, { inside, outside }: World): typeof fs {
  let swapped = false;
  return interruptedFs((_nth, name) => {
    if (name !== call || swapped) return;
    swapped = true;
    renameSync(inside, `${inside}.aside`);
    symlinkSync(outside, inside);
  }).fileSystem;
}

/** Files cannot be opened, as where somebody may change and not read them. */
const unopened = (under: typeof fs): object => ({
  ...under,
  promises: {
    ...under.promises,
    async open(path: string, ...rest: []) {
      if (path.endsWith("/f")) throw Object.assign(new Error("EACCES"), { code: "EACCES" });
      return await under.promises.open(path, ...rest);
    },
  },
});

const modeOf = (path: string): number => statSync(path).mode & 0o777;

describe.runIf(needs("posix"))("an object of a root by path", () => {
  test.each([
    ["a handle", (under: typeof fs) => under as object],
    ["a path", unopened],
  ])("chmod and utimes through %s", async (_how, through) => {
    const { dir, inside } = world();
    const root = await openByPath(join(dir, "ws"), through(fs));
    await root.chmod("a/f", 0o640);
    expect(modeOf(inside)).toBe(0o640);
    await root.utimes("a/f", 1000, 2000);
    expect(statSync(inside).mtimeMs).toBe(2_000_000);
    await root.chmod("a", 0o750);
    expect(modeOf(join(dir, "ws/a"))).toBe(0o750);
    await root.chmod(".", 0o710);
    expect(modeOf(join(dir, "ws"))).toBe(0o710);
    await root.close();
  });

  test("chmod opens nothing outside: a link in its place is refused", async () => {
    const at = world();
    const root = await openByPath(join(at.dir, "ws"), swapBefore("open", at));
    await expect(root.chmod("a/f", 0o666)).rejects.toMatchObject({ code: "ERR_CHANGED" });
    expect(modeOf(at.outside)).toBe(0o600);
    await root.close();
  });

  test("chmod by path that has followed a link says that it may have", async () => {
    const at = world();
    const root = await openByPath(join(at.dir, "ws"), unopened(swapBefore("chmod", at)));
    await expect(root.chmod("a/f", 0o666)).rejects.toMatchObject({
      code: "ERR_CHANGED",
      effect: "unknown",
    });
    expect(modeOf(at.outside)).toBe(0o666); // as it said
    await root.close();
  });

  test("utimes by path follows nothing", async () => {
    const at = world();
    const before = statSync(at.outside).mtimeMs;
    const root = await openByPath(join(at.dir, "ws"), unopened(swapBefore("lutimes", at)));
    await root.utimes("a/f", 1000, 2000).catch(() => {});
    expect(statSync(at.outside).mtimeMs).toBe(before);
    await root.close();
  });

  test("access tells nothing of what is outside", async () => {
    const at = world();
    let swapped = 0;
    const { fileSystem } = interruptedFs((_nth, name) => {
      if (name !== "access") return;
      swapped++;
      if (swapped === 1) renameSync(at.inside, `${at.inside}.aside`);
      if (swapped === 1) symlinkSync(join(at.dir, "nowhere"), at.inside);
    });
    const root = await openByPath(join(at.dir, "ws"), fileSystem);
    // Once the link is found to be one, it leads out.
    await expect(root.access("a/f")).rejects.toMatchObject({ code: "ERR_PATH_ESCAPES" });
    expect(swapped).toBe(1);
    await root.close();
  });

  test("nothing is truncated before it is known what was opened", async () => {
    const at = world();
    linkSync(at.outside, join(at.dir, "ws/another"));
    let swapped = false;
    const { fileSystem } = interruptedFs((_nth, name) => {
      if (name !== "open" || swapped) return;
      swapped = true;
      renameSync(join(at.dir, "ws/another"), at.inside);
    });
    const root = await openByPath(join(at.dir, "ws"), fileSystem);
    await expect(root.truncate("a/f", 0)).rejects.toMatchObject({ effect: "none" });
    expect(swapped).toBe(true);
    expect(readFileSync(at.outside, "utf8")).toBe("outside");
    await root.close();
  });

  test.each(["r", "r+", "w", "a"])(
    "open %s hands out the file, and closes what it does not",
    async (flags) => {
      const { dir, inside } = world();
      const open = (): number => readdirSync("/proc/self/fd").length;
      let swaps = 3;
      const { fileSystem } = interruptedFs((_nth, name) => {
        if (name !== "open" || swaps-- <= 0) return;
        writeFileSync(`${inside}.new`, `replaced, ${swaps} to go`);
        renameSync(`${inside}.new`, inside);
      });
      const root = await openByPath(join(dir, "ws"), fileSystem);
      const before = open();
      const handle = await root.open("a/f", flags);
      expect((await handle.stat()).ino).toBe(statSync(inside).ino);
      await handle.close();
      expect(open()).toBe(before);
      expect(readFileSync(inside, "utf8")).toBe(flags === "w" ? "" : "replaced, 0 to go");
      await root.close();
    },
  );

  test("a directory that was opened by a way that did not hold still is closed", async () => {
    const { dir } = world();
    const open = (): number => readdirSync("/proc/self/fd").length;
    let swaps = 2;
    const { fileSystem } = interruptedFs((_nth, name) => {
      if (name !== "opendir" || swaps-- <= 0) return;
      renameSync(join(dir, "ws/a"), join(dir, "ws/b"));
      mkdirSync(join(dir, "ws/a"));
    });
    const root = await openByPath(join(dir, "ws"), fileSystem);
    const before = open();
    const opened = await root.opendir("a").catch(() => undefined);
    await opened?.close();
    expect(swaps).toBeLessThan(2);
    expect(open()).toBe(before);
    await root.close();
  });
});
