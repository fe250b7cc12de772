import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { fs as memfs, vol } from "memfs";
import { faultyFileSystem } from "../../../atomic/test/support/faulty-file-system.ts";
import { tempDir } from "../../../atomic/test/support/temp-dir.ts";
import type { FileSystem } from "../../src/index.ts";
import { openFlags } from "../../src/node/node-fs.ts";
import { close, open, writeAll } from "../../src/steps/calls.ts";
import type { Handle, Steps } from "../../src/steps/step.ts";
import { drivers, thrownBy } from "../support/run-steps.ts";

function* writing(path: string, bytes: Uint8Array, position: number | null = null): Steps<void> {
  const handle = yield* open(path, openFlags.readWrite | openFlags.create);
  try {
    yield* writeAll(handle, bytes, position);
  } finally {
    yield* close(handle);
  }
}

describe.each(drivers)("writeAll, in %s", (_, run) => {
  it.each([null, 0, 2])("goes on after short writes, from position %s", async (position) => {
    const path = join(tempDir(), "f");
    const faulty = faultyFileSystem({
      plan: ({ name }) => (name === "write" ? { atMostBytes: 1 } : undefined),
    });
    const { fileSystem } = faulty;
    await run(() => writing(path, Buffer.from("abcde"), position), { fileSystem });
    expect(readFileSync(path, "latin1")).toBe(`${"\0".repeat(position ?? 0)}abcde`);
    expect(faulty.calls.filter((call) => call.startsWith("write"))).toHaveLength(5);
  });

  it.each([
    [1, "after 0 of 5 bytes"],
    [3, "after 4 of 5 bytes"],
  ])("ends with ERR_NO_PROGRESS if write %i moves nothing", async (nth, where) => {
    const path = join(tempDir(), "f");
    let writes = 0;
    const faulty = faultyFileSystem({
      plan: ({ name }) =>
        name === "write" ? { atMostBytes: ++writes === nth ? 0 : 2 } : undefined,
    });
    const { fileSystem } = faulty;
    const error = await thrownBy(run(() => writing(path, Buffer.from("abcde")), { fileSystem }));
    expect(error).toMatchObject({ code: "ERR_NO_PROGRESS", kind: "state" });
    expect(error.message).toContain(`writing stopped ${where} without an error`);
    expect(writes).toBe(nth);
    expect(faulty.openHandles()).toEqual([]);
  });

  it.each([undefined, -1, Number.NaN, "1x"])(
    "nor does an answer of %s count as progress",
    async (answer) => {
      const fileSystem = {
        writeSync: () => answer as never,
        promises: {},
      } satisfies FileSystem;
      const handle = { write: async () => ({ bytesWritten: answer }) } as unknown as Handle;
      const error = await thrownBy(run(() => writeAll(handle, Buffer.from("abc")), { fileSystem }));
      expect(error.code).toBe("ERR_NO_PROGRESS");
    },
  );

  it("of nothing makes no call", async () => {
    const path = join(tempDir(), "f");
    const faulty = faultyFileSystem();
    await run(() => writing(path, new Uint8Array()), { fileSystem: faulty.fileSystem });
    expect(faulty.calls).toEqual([`open ${path}`, `close ${path}`]);
  });

  it("writes the bytes of a view, not those of its buffer", async () => {
    const path = join(tempDir(), "f");
    const buffer = Buffer.from("..abcd..");
    const view = new Uint8Array(buffer.buffer, buffer.byteOffset + 2, 4);
    await run(() => writing(path, view));
    expect(readFileSync(path, "latin1")).toBe("abcd");
  });

  it("asks for no more than one call can take", async () => {
    // No memory is touched: the file system only looks at the lengths.
    const bytes = { byteLength: 2 ** 31 + 5 } as Uint8Array;
    const asked: [number, number, number | null][] = [];
    const write = (_: unknown, offset: number, length: number, position: number | null): number => {
      asked.push([offset, length, position]);
      return length;
    };
    const fileSystem: FileSystem = {
      writeSync: (_fd, ...rest) => write(...rest),
      promises: {},
    };
    const handle = {
      write: async (...args: Parameters<typeof write>) => ({ bytesWritten: write(...args) }),
    } as unknown as Handle;
    await run(() => writeAll(handle, bytes, 7), { fileSystem });
    const gibibyte = 2 ** 30;
    expect(asked).toEqual([
      [0, gibibyte, 7],
      [gibibyte, gibibyte, 7 + gibibyte],
      [2 * gibibyte, 5, 7 + 2 * gibibyte],
    ]);
  });

  it("works over memfs", async () => {
    vol.reset();
    vol.mkdirSync("/d");
    await run(() => writing("/d/f", Buffer.from("abc")), { fileSystem: memfs });
    expect(vol.readFileSync("/d/f", "utf8")).toBe("abc");
  });
});
