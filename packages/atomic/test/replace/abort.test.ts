import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  createFileAtomic,
  replaceFileAtomic,
  stageFileAtomic,
  type ReplaceFileAtomicOptions,
  type ReplaceFileReceipt,
} from "../../src/index.ts";
import { faultyFileSystem } from "../support/faulty-file-system.ts";
import { tempDir } from "../support/temp-dir.ts";
import { failureOf, stagedIn } from "./forms.ts";

type Perform = (options: ReplaceFileAtomicOptions) => Promise<ReplaceFileReceipt>;

async function staged({
  content,
  ...options
}: ReplaceFileAtomicOptions): Promise<ReplaceFileReceipt> {
  const file = await stageFileAtomic(options);
  try {
    await file.write(content as string);
    return await file.commit();
  } finally {
    await file.discard();
  }
}

const operations: readonly (readonly [string, Perform, string | undefined])[] = [
  ["replaceFileAtomic, a new file", replaceFileAtomic, undefined],
  ["replaceFileAtomic, an existing file", replaceFileAtomic, "old"],
  ["createFileAtomic", createFileAtomic, undefined],
  ["stageFileAtomic and commit", staged, "old"],
];

function target(before: string | undefined): string {
  const filePath = join(tempDir(), "file");
  if (before !== undefined) writeFileSync(filePath, before);
  return filePath;
}

const contentOf = (filePath: string): string | undefined =>
  readdirSync(join(filePath, "..")).includes("file") ? readFileSync(filePath, "utf8") : undefined;

describe.each(operations)("an abort during %s", (_, perform, before) => {
  it.each(["before", "after"] as const)(
    "A14: %s any call: nothing changed and nothing left over, or committed",
    async (when) => {
      let aborted = 0;
      let committed = 0;
      for (let at = 1; ; at++) {
        const filePath = target(before);
        const controller = new AbortController();
        const reason = new Error("enough");
        const faulty = faultyFileSystem({
          plan: ({ index }) =>
            index === at ? { act: () => controller.abort(reason), when } : undefined,
        });
        const { fileSystem } = faulty;
        const { signal } = controller;
        const options = { filePath, content: "new", fileSystem, signal };
        const ended = await perform(options).then(
          (receipt) => ({ receipt }),
          (error: unknown) => ({ error }),
        );
        const failed = "error" in ended;
        if (failed) aborted++;
        else if (signal.aborted) committed++;
        const error = {
          name: "AbortError",
          code: "ABORT_ERR",
          effect: "none",
          cause: reason,
          path: filePath,
          leftovers: [],
        };
        const published = faulty.calls.some((call) => /^(rename|link) /.test(call));
        // The call is compared too, so that a failure says which it was.
        const about = { at: faulty.calls[at - 1], text: contentOf(filePath), published };
        expect({ ...ended, ...about }).toMatchObject(
          failed
            ? // Whatever puts the file into place comes after the last look at the signal.
              { error, at: about.at, text: before, published: false }
            : { at: about.at, text: "new", published: true },
        );
        expect(stagedIn(join(filePath, ".."))).toEqual([]);
        expect(faulty.openHandles()).toEqual([]);
        expect(faulty.callsOnClosed).toEqual([]);
        // A call that itself fails (there is no such file yet) lets nothing happen after it.
        if (!signal.aborted && faulty.calls.length < at) break;
      }
      expect(aborted).toBeGreaterThan(3);
      expect(committed).toBeGreaterThan(2);
    },
  );

  it("A14: before the call: not one call of the file system is made", async () => {
    const filePath = target(before);
    const { fileSystem, calls } = faultyFileSystem();
    const signal = AbortSignal.abort();
    const error = await failureOf(perform({ filePath, content: "new", fileSystem, signal }));
    expect(error).toMatchObject({ name: "AbortError", effect: "none", cause: signal.reason });
    expect(calls).toEqual([]);
  });

  it("A14: after the end: nothing happens", async () => {
    const filePath = target(before);
    const controller = new AbortController();
    await perform({ filePath, content: "new", signal: controller.signal });
    controller.abort();
    await new Promise(setImmediate);
    expect(contentOf(filePath)).toBe("new");
    expect(stagedIn(join(filePath, ".."))).toEqual([]);
  });
});

describe("an abort while something is waited for", () => {
  it("A14: by beforeRename: the staged file is removed", async () => {
    const filePath = target("old");
    const controller = new AbortController();
    const error = await failureOf(
      replaceFileAtomic({
        filePath,
        content: "new",
        signal: controller.signal,
        beforeRename: () => {
          setImmediate(() => controller.abort());
          return new Promise(() => {});
        },
      }),
    );
    expect(error).toMatchObject({ code: "ABORT_ERR", effect: "none" });
    expect(readdirSync(join(filePath, "..")).toSorted()).toEqual(["file"]);
    expect(contentOf(filePath)).toBe("old");
  });

  it("A14: between two attempts to rename: not waited for any longer than needed", async () => {
    const filePath = target("old");
    const controller = new AbortController();
    // The rename is the commit point: once it was tried, the call goes on to its end.
    let renames = 0;
    const { fileSystem } = faultyFileSystem({
      plan: ({ name }) => {
        if (name !== "rename") return undefined;
        controller.abort();
        return ++renames < 3 ? { fail: "EPERM", when: "before" } : undefined;
      },
    });
    await replaceFileAtomic({
      filePath,
      content: "new",
      signal: controller.signal,
      renameRetryBaseDelayMs: 1,
      fileSystem: { ...fileSystem, platform: "win32" },
    });
    expect(contentOf(filePath)).toBe("new");
  });

  it("leaves no listener on the signal", async () => {
    const controller = new AbortController();
    const { signal } = controller;
    let listeners = 0;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = ((...args: Parameters<typeof add>) => {
      listeners++;
      add(...args);
    }) as typeof add;
    signal.removeEventListener = ((...args: Parameters<typeof remove>) => {
      listeners--;
      remove(...args);
    }) as typeof remove;
    async function* content(): AsyncGenerator<string> {
      yield "a";
      yield "b";
    }
    const filePath = target(undefined);
    await Promise.all([
      replaceFileAtomic({ filePath, content: content(), signal, beforeRename: async () => {} }),
      replaceFileAtomic({ filePath, content: content(), signal, beforeRename: async () => {} }),
    ]);
    expect(listeners).toBe(0);
  });

  it("of a commit during a write: the descriptor stays open until the write has ended", async () => {
    const filePath = target("old");
    const controller = new AbortController();
    let finishWrite = (): void => {};
    const order: string[] = [];
    const { fileSystem: counted } = faultyFileSystem({
      plan: ({ name, path }) => {
        if (name === "close" && path.includes(".holdfast-")) order.push("close");
        return undefined;
      },
    });
    // A write that takes its time, as on a slow device.
    const open = counted.promises.open!.bind(counted.promises);
    const fileSystem = {
      ...counted,
      promises: {
        ...counted.promises,
        open: async (...args: Parameters<typeof open>) => {
          const handle = await open(...args);
          const write = handle.write.bind(handle) as (...args: unknown[]) => Promise<unknown>;
          const slow = async (...written: unknown[]): Promise<unknown> => {
            await new Promise<void>((resolve) => (finishWrite = resolve));
            const result = await write(...written);
            order.push("written");
            return result;
          };
          return Object.defineProperty(handle, "write", { value: slow });
        },
      },
    };
    const file = await stageFileAtomic({ filePath, fileSystem, signal: controller.signal });
    const writing = file.write("new").catch(() => {});
    const committing = failureOf(file.commit());
    await new Promise(setImmediate);
    controller.abort();
    await new Promise(setImmediate);
    finishWrite();
    expect(await committing).toMatchObject({ code: "ABORT_ERR", effect: "none" });
    await writing;
    expect(order).toEqual(["written", "close"]);
    expect(contentOf(filePath)).toBe("old");
    expect(stagedIn(join(filePath, ".."))).toEqual([]);
  });
});
