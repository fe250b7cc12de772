/** Power cuts while a file is staged piece by piece, or published again and again, or swept up. */

import { describe, expect, it, vi } from "vitest";
import type { NodeFileSystem } from "@holdfast/testing";
import {
  createCoalescingWriter,
  replaceFileAtomic,
  stageFileAtomic,
  sweepStagedFiles,
} from "../../src/index.ts";
import { oneVersion, stagedIn, textAt } from "./checks.ts";
import { asOtherProcess } from "./other-process.ts";
import { prove, wrongIn } from "./prove.ts";

vi.setConfig({ testTimeout: 60_000 });

const file = "/d/file";

function withFile(fs: NodeFileSystem): void {
  fs.mkdirSync("/d");
  fs.writeFileSync(file, "old");
}

describe("a power cut while a file is staged", () => {
  it("leaves the old file or all that was written", async () => {
    await prove<number>({
      setup: withFile,
      run: async (fs, ack) => {
        const staged = await stageFileAtomic({ filePath: file, fileSystem: fs });
        await staged.write("one ");
        await staged.write("two");
        await staged.commit();
        ack(1);
      },
      check: (fs, { acks }) => oneVersion(fs, file, ["old", "one two"], acks),
    });
  });

  it("leaves the old file where it is discarded", async () => {
    await prove<number>({
      setup: withFile,
      run: async (fs) => {
        const staged = await stageFileAtomic({ filePath: file, fileSystem: fs });
        await staged.write("one ");
        await staged.discard();
      },
      check: (fs, { end }) => {
        oneVersion(fs, file, ["old"], []);
        if (end === "done") expect(stagedIn(fs, "/d")).toEqual([]);
      },
    });
  });
});

describe("a power cut while contents are published again and again", () => {
  const versions = ["old", "one", "two", "three"];

  it("leaves one of them, and none older than what was acknowledged", async () => {
    await prove<number>({
      setup: withFile,
      run: async (fs, ack) => {
        const writer = createCoalescingWriter({ filePath: file, fileSystem: fs });
        const acked = (version: number) => () => ack(version);
        const first = writer.write("one").then(acked(1));
        await Promise.resolve(); // the first write begins
        const second = writer.write("two").then(acked(2));
        const third = writer.write("three").then(acked(3));
        await Promise.all([first, second, third]);
        await writer.close();
      },
      check: (fs, { acks }) => oneVersion(fs, file, versions, acks),
    });
  });

  it("leaves the newest for good once it was flushed synchronously, in the middle of another", async () => {
    for (const turns of [1, 3, 6, 10, 20]) {
      await prove<number>({
        setup: withFile,
        run: async (fs, ack) => {
          const writer = createCoalescingWriter({ filePath: file, fileSystem: fs });
          const first = writer.write("one").then(() => ack(1));
          for (let turn = 0; turn < turns; turn++) await Promise.resolve();
          const second = writer.write("two");
          try {
            writer.flushSync();
            ack(2);
          } finally {
            await Promise.allSettled([first, second]);
            await writer.close();
          }
        },
        check: (fs, { acks }) => oneVersion(fs, file, versions.slice(0, 3), acks),
      });
    }
  });
});

describe("sweeping up after a power cut", () => {
  /** Staged by a process of an earlier boot, as far as anybody can tell. */
  const earlier = (fs: NodeFileSystem): NodeFileSystem =>
    asOtherProcess(fs, (path) =>
      path.replace(
        /(\/\.holdfast-[\d-]+-)[0-9a-f]{8}(-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.tmp)$/,
        "$1ffffffff$2",
      ),
    );

  it("leaves the file alone, and nothing that was staged, also if it is cut off itself", async () => {
    await prove<number>({
      setup: withFile,
      run: async (fs, ack) => {
        await replaceFileAtomic({ filePath: file, content: "new", fileSystem: earlier(fs) });
        ack(1);
      },
      recover: (fs) => sweepStagedFiles("/d", { fileSystem: fs, olderThanMs: 0 }),
      check: (fs, { acks }) => {
        oneVersion(fs, file, ["old", "new"], acks);
        expect(stagedIn(fs, "/d")).toEqual([]);
      },
    });
  });

  it("is needed: without it a staged file can be left", async () => {
    const left = await wrongIn({
      setup: withFile,
      run: (fs) => replaceFileAtomic({ filePath: file, content: "new", fileSystem: fs }),
      check: (fs) => {
        for (const name of stagedIn(fs, "/d")) throw new Error(`left: ${textAt(fs, `/d/${name}`)}`);
      },
    });
    expect(left).toContain("left: new");
  });
});
