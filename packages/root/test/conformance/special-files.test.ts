import * as fs from "node:fs";
import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { needs } from "../../../atomic/test/support/needs.ts";
import { tempDir } from "../../../atomic/test/support/temp-dir.ts";
import type { FileSystem, RootSyncOptions } from "../../src/index.ts";
import { outcomeOf } from "../support/outcome.ts";
import { guards, type Side } from "../support/sides.ts";
import type { Surface } from "../support/surface.ts";

// FIFOs, sockets and devices are rows of the comparison with plain fs.

/** With each read, the file becomes longer than it was. */
function growing(path: string, platform: FileSystem["platform"]): FileSystem {
  const grow = (): void => {
    appendFileSync(path, Buffer.alloc(4096, "g"));
  };
  const readSync = (...args: Parameters<typeof fs.readSync>): number => {
    grow();
    return fs.readSync(...args);
  };
  const open = async (...args: Parameters<typeof fs.promises.open>) => {
    const handle = await fs.promises.open(...args);
    const read = handle.read.bind(handle) as (...of: unknown[]) => Promise<never>;
    handle.read = async (...of: unknown[]): Promise<never> => {
      grow();
      return await read(...of);
    };
    return handle;
  };
  const promises = { ...fs.promises, open };
  return { ...fs, readSync, promises, platform } as unknown as FileSystem;
}

async function within<T>(
  side: Side,
  dir: string,
  options: RootSyncOptions,
  use: (on: Surface) => Promise<T>,
): Promise<T> {
  const opened = await side.open(dir, options);
  try {
    return await use(opened.surface);
  } finally {
    await opened.close();
  }
}

describe.runIf(needs("linux")).each(guards)(
  "R7: files that do not say how long they are, $name",
  (side) => {
    it("reads a file of /proc, which says that it is empty", async () => {
      const plain = fs.readFileSync("/proc/sys/kernel/ostype", "utf8");
      const read = await within(side, "/proc/sys/kernel", {}, (on) =>
        on.readFile("ostype", "utf8"),
      );
      expect(read).toBe(plain);
      expect(plain.length).toBeGreaterThan(0);
    });

    it("counts what such a file holds against the limit", async () => {
      const act = (maxReadBytes: number): Promise<string> =>
        within(side, "/proc/sys/kernel", { maxReadBytes }, async (on) => {
          const { text } = await outcomeOf(on.readFile("ostype", "utf8"), "-", "ostype");
          return text;
        });
      const { length } = fs.readFileSync("/proc/sys/kernel/ostype");
      expect(await act(length - 1)).toBe("ERR_TOO_LARGE");
      expect(await act(0)).toBe("ERR_TOO_LARGE");
      expect(await act(length)).toMatch(/^ok: /);
    });

    it("copies such a file out, and counts that too", async () => {
      const out = tempDir();
      const act = (maxReadBytes: number): Promise<string> =>
        within(side, "/proc/sys/kernel", { maxReadBytes }, async (on) => {
          const destination = join(out, String(maxReadBytes));
          return (await outcomeOf(on.copyOut("ostype", destination), "-", "ostype")).text;
        });
      expect(await act(3)).toBe("ERR_TOO_LARGE");
      expect(fs.readdirSync(out)).toEqual([]);
      expect(await act(100)).toMatch(/^ok: /);
      expect(fs.readFileSync(join(out, "100"), "utf8")).toBe(
        fs.readFileSync("/proc/sys/kernel/ostype", "utf8"),
      );
    });

    it.each([0, 1, 5_000])(
      "stops at the limit in a file that grows while it is read, from %i bytes",
      async (start) => {
        const dir = tempDir();
        const path = join(dir, "grows");
        writeFileSync(path, Buffer.alloc(start, "s"));
        const platform = side.containment === "identity" ? "other" : "linux";
        const options = { maxReadBytes: 10_000, fileSystem: growing(path, platform) };
        const { text } = await within(side, dir, options, (on) =>
          outcomeOf(
            on.readFile("grows").then((content: Buffer) => content.length),
            dir,
            "grows",
          ),
        );
        // As long as it was, or at most as long as allowed; and where nothing says how long, refused.
        expect(text).toBe(start === 0 ? "ERR_TOO_LARGE" : `ok: ${start}`);
      },
    );

    it("says of a file that is longer than allowed that it is, before it reads", async () => {
      const dir = tempDir();
      mkdirSync(join(dir, "sub"));
      writeFileSync(join(dir, "sub/long"), "0123456789");
      const act = async (maxReadBytes: number): Promise<string> =>
        await within(side, dir, { maxReadBytes }, async (on) => {
          const { text } = await outcomeOf(on.readFile("sub/long", "utf8"), dir, "sub/long");
          return text;
        });
      expect(await act(9)).toBe("ERR_TOO_LARGE");
      expect(await act(10)).toBe('ok: "0123456789"');
      expect(await act(Infinity)).toBe('ok: "0123456789"');
    });
  },
);
