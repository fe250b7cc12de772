import {
  chmodSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, onTestFinished, test } from "vitest";
import { needs } from "../../../atomic/test/support/needs.ts";
import { tempDir } from "../../../atomic/test/support/temp-dir.ts";
import { openRoot, type Root } from "../../src/index.ts";
import { volumeFs } from "./support/volume-fs.ts";

interface World {
  readonly dir: string;
  readonly root: Root;
  readonly fileSystem: object;
  readonly open: () => number;
}

async function world(change: (fileSystem: object) => object = (same) => same): Promise<World> {
  const dir = tempDir();
  mkdirSync(join(dir, "ws/a/b"), { recursive: true });
  mkdirSync(join(dir, "outside/b"), { recursive: true });
  writeFileSync(join(dir, "ws/a/b/f"), "content");
  writeFileSync(join(dir, "outside/b/f"), "outside");
  symlinkSync("a/b", join(dir, "ws/link"));
  symlinkSync("../outside", join(dir, "ws/out"));
  const { fileSystem, release, open } = volumeFs();
  onTestFinished(release);
  const root = await openRoot(join(dir, "ws"), { fileSystem: change(fileSystem) });
  return { dir, root, fileSystem, open };
}

const refused = { code: "ERR_PATH_ESCAPES", effect: "none" };

describe.runIf(needs("linux"))("a root by volume ids, emulated", () => {
  test("reads, follows inside, writes, and closes everything", async () => {
    const { dir, root, open } = await world();
    expect(root.containment).toBe("descriptor");
    expect(await root.readFile("a/b/f", "utf8")).toBe("content");
    expect(await root.readFile("link/../b/f", "utf8")).toBe("content");
    expect((await root.stat("a/b/f")).size).toBe(7);
    expect((await root.lstat("link")).isSymbolicLink()).toBe(true);
    expect(await root.readdir("a/b")).toEqual(["f"]);
    await root.access("a/b/f");
    await root.writeFile("a/b/g", "written");
    expect(readFileSync(join(dir, "ws/a/b/g"), "utf8")).toBe("written");
    await expect(root.readFile("out/b/f")).rejects.toMatchObject(refused);
    await expect(root.readFile("a/b/none")).rejects.toMatchObject({ code: "ENOENT" });
    await expect(root.readFile("a/b/f/g")).rejects.toMatchObject({ code: "ENOTDIR" });
    expect(open()).toBe(1); // the root's own
    await root.close();
    expect(open()).toBe(0);
  });

  test("goes on in the directory that was opened, whatever it is called (R10)", async () => {
    const { dir, root } = await world();
    renameSync(join(dir, "ws"), join(dir, "moved"));
    renameSync(join(dir, "outside"), join(dir, "ws"));
    expect(await root.readFile("a/b/f", "utf8")).toBe("content");
    await root.writeFile("a/b/f", "written");
    expect(readFileSync(join(dir, "moved/a/b/f"), "utf8")).toBe("written");
    await root.close();
  });

  test.each(["a", "a/b", "a/b/f"])(
    "is not led astray by %s swapped before any call",
    async (path) => {
      let at = Infinity;
      let made = 0;
      let swap = (): void => {};
      const { dir, root, open } = await world((fileSystem) => {
        const { promises } = fileSystem as {
          promises: Record<string, (...args: unknown[]) => unknown>;
        };
        const counted = Object.entries(promises).map(([name, method]) => [
          name,
          (...args: unknown[]) => {
            if (++made === at) swap();
            return method(...args);
          },
        ]);
        return { ...fileSystem, promises: Object.fromEntries(counted) as object };
      });
      const inside = join(dir, "ws", path);
      let swapped = false;
      swap = () => {
        swapped = true;
        renameSync(inside, `${inside}.aside`);
        symlinkSync(join(dir, "outside", path.slice(2)), inside);
      };
      for (let call = 1; ; call++) {
        at = made + call;
        swapped = false;
        const read = await root
          .readFile("a/b/f", "utf8")
          .catch((error: { code: string }) => error.code);
        expect(read).toMatch(/^(content|ERR_PATH_ESCAPES|ENOENT)$/);
        expect(open()).toBe(1);
        if (!swapped) break;
        rmSync(inside); // the link
        renameSync(`${inside}.aside`, inside);
      }
      expect(made).toBeGreaterThan(10);
      await root.close();
    },
  );

  test("a file that is replaced all the time is read every time (R8)", async () => {
    const { dir, root } = await world();
    let over = false;
    const replacing = (async () => {
      while (!over) {
        writeFileSync(join(dir, "ws/a/b/new"), "content");
        renameSync(join(dir, "ws/a/b/new"), join(dir, "ws/a/b/f"));
        await sleep(1);
      }
    })();
    try {
      for (let nth = 0; nth < 50; nth++) {
        expect(await root.readFile("a/b/f", "utf8")).toBe("content");
      }
    } finally {
      over = true;
      await replacing;
    }
    await root.close();
  });

  test("acts on what was found, not on a link that has come in its place", async () => {
    const { dir, root } = await world();
    chmodSync(join(dir, "outside/b/f"), 0o600);
    await root.chmod("a/b/f", 0o640);
    expect(statSync(join(dir, "ws/a/b/f")).mode & 0o777).toBe(0o640);
    expect(statSync(join(dir, "outside/b/f")).mode & 0o777).toBe(0o600);
    await root.close();
  });

  test.each([
    ["there is no /.vol", () => "/nowhere"],
    [
      "every number is the same directory",
      (path: string) => path.replace(/^\/\.vol\/\d+\/\d+/, "/"),
    ],
    ["numbers are links", undefined],
  ])("is not used where %s", async (_what, mislead) => {
    const { root } = await world((fileSystem) => {
      const { promises } = fileSystem as {
        promises: Record<string, (path: string, ...rest: unknown[]) => unknown>;
      };
      const misled = { ...promises };
      for (const name of ["stat", "lstat", "open"]) {
        misled[name] = async (path, ...rest) => {
          if (!path.startsWith("/.vol/")) return promises[name]!(path, ...rest);
          if (mislead !== undefined) return promises[name]!(mislead(path), ...rest);
          const stats = (await promises[name]!(path, ...rest)) as object;
          return name === "lstat" ? Object.assign(stats, { isSymbolicLink: () => true }) : stats;
        };
      }
      return { ...fileSystem, promises: misled };
    });
    expect(root.containment).toBe("identity");
    expect(await root.readFile("a/b/f", "utf8")).toBe("content");
    await root.close();
  });
});
