import { readdirSync, readFileSync, rmSync } from "node:fs";
import * as nodeFs from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { FileSystem } from "../../src/index.ts";
import { workbench } from "../support/workbench.ts";
import { place, text, told, write } from "./support/agent.ts";

type Write = (handle: FileHandle, ...args: unknown[]) => Promise<unknown>;

/** A file system in which writing to some files is something else. */
function writing(isMeant: (path: string) => boolean, instead: Write): FileSystem {
  const open: typeof nodeFs.promises.open = async (path, flags, mode) => {
    const handle = await nodeFs.promises.open(path, flags, mode);
    if (!isMeant(String(path))) return handle;
    return new Proxy(handle, {
      get(target, key) {
        const value: unknown = Reflect.get(target, key, target);
        if (typeof value !== "function") return value;
        return (...args: unknown[]) =>
          key === "write" ? instead(target, ...args) : (value.apply(target, args) as unknown);
      },
    });
  };
  return { ...nodeFs, promises: { ...nodeFs.promises, open } } as unknown as FileSystem;
}

const isStaged = (path: string): boolean => /\.holdfast-[0-9a-f]{32}-\d+\.new$/.test(path);

async function restoreWith(fileSystem: FileSystem) {
  const bench = workbench();
  const { at, open } = bench;
  place(at("a"), "before");
  const checkpoints = await open({ fileSystem });
  const { id } = await checkpoints.makeSnapshot("1");
  await write(checkpoints, at("a"), "after");
  return { ...bench, checkpoints, id, restoring: checkpoints.restoreToSnapshot(id) };
}

it("does not put in place what is read back as something else", async () => {
  const { at, work, open, checkpoints, id, restoring } = await restoreWith(
    writing(isStaged, (handle, bytes, offset, length, position) => {
      const flipped = Uint8Array.from(bytes as Uint8Array, (byte) => byte ^ 1);
      return handle.write(flipped, offset as number, length as number, position as number);
    }),
  );
  expect(told(await restoring, work)).toEqual({ a: "overwrite failed EIO !" });
  expect(text(at("a"))).toBe("after");
  expect(readdirSync(work)).toEqual(["a"]);
  // What is there is ours still.
  await checkpoints.close();
  expect(told(await (await open()).restoreToSnapshot(id), work)).toEqual({ a: "overwrite" });
});

it("goes on where a write falls short, and gives up where it makes no progress", async () => {
  const short = await restoreWith(
    writing(isStaged, (handle, bytes, offset, _, position) =>
      handle.write(bytes as Uint8Array, offset as number, 1, position as number),
    ),
  );
  expect(told(await short.restoring, short.work)).toEqual({ a: "overwrite" });
  expect(text(short.at("a"))).toBe("before");
  const none = await restoreWith(
    writing(isStaged, async (_, bytes) => ({ bytesWritten: 0, buffer: bytes })),
  );
  expect(told(await none.restoring, none.work)).toEqual({
    a: "overwrite failed ERR_NO_PROGRESS !",
  });
  expect(text(none.at("a"))).toBe("after");
});

it("begins nothing where the bytes are gone by the time it is written down that they are kept", async () => {
  let store: string | undefined;
  const {
    at,
    checkpoints,
    store: made,
    restoring,
  } = await restoreWith(
    writing(
      (path) => path.endsWith("journal.jsonl"),
      async (handle, ...args) => {
        const written: unknown = await (handle.write as (...all: unknown[]) => unknown)(...args);
        const isBegin = Buffer.from(args[0] as Uint8Array).includes('"type":"begin"');
        if (isBegin) rmSync(join(store!, "objects"), { recursive: true });
        return written;
      },
    ),
  );
  store = made;
  await expect(restoring).rejects.toMatchObject({ code: "ERR_CHANGED", effect: "none" });
  expect(text(at("a"))).toBe("after");
  expect(checkpoints.interrupted).toBeUndefined();
  expect(readFileSync(join(made, "sessions/demo/journal.jsonl"), "utf8")).toContain("rolled-back");
});
