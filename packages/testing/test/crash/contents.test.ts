import { describe, expect, test } from "vitest";
import { powerLossModels } from "../../src/crash/models.ts";
import type { ModelName, WriteFate } from "../../src/crash/models.ts";
import { flush, timelineOf, treesAt } from "./legal-trees.ts";

const models: readonly ModelName[] = ["posix", "ext4", "xfs", "btrfs"];
const journaling: readonly ModelName[] = ["ext4", "xfs", "btrfs"];

describe("a write that no flush made durable", () => {
  const append = timelineOf(
    (fs) => fs.appendFileSync("/log", "wxyz"),
    (fs) => fs.writeFileSync("/log", "a"),
  );

  test.each(models)("%s: nothing, zeros, a part, or all of it", (model) => {
    expect(treesAt(append, model)).toEqual([
      "log=a",
      "log=awx",
      "log=awxy",
      "log=awxyz",
      "log=a····",
    ]);
  });

  test.each<[WriteFate[], string[]]>([
    [
      ["nothing", "all"],
      ["log=a", "log=awxyz"],
    ],
    [
      ["nothing", "zeros", "all"],
      ["log=a", "log=awxyz", "log=a····"],
    ],
    [
      ["nothing", "part", "all"],
      ["log=a", "log=awx", "log=awxy", "log=awxyz"],
    ],
  ])("in a model of one's own: %j", (writes, trees) => {
    const model = { ...powerLossModels.ext4, name: "mine", writes };
    expect(treesAt(append, model)).toEqual(trees);
  });

  test("each by itself: a later one may come without an earlier one, over zeros", () => {
    const timeline = timelineOf(
      (fs) => {
        fs.appendFileSync("/log", "b");
        fs.appendFileSync("/log", "c");
      },
      (fs) => fs.writeFileSync("/log", "a"),
    );
    const whole = { ...powerLossModels.btrfs, writes: ["nothing", "all"] as const };
    expect(treesAt(timeline, whole)).toEqual(["log=a", "log=ab", "log=abc", "log=a·c"]);
    expect(treesAt(timeline, "btrfs")).toEqual(
      "log=a log=ab log=abc log=ab· log=a· log=a·c log=a··".split(" "),
    );
  });

  test("files by themselves", () => {
    const timeline = timelineOf(
      (fs) => {
        fs.appendFileSync("/a", "1");
        fs.appendFileSync("/b", "2");
        flush(fs, "/b");
      },
      (fs) => {
        fs.writeFileSync("/a", "");
        fs.writeFileSync("/b", "");
      },
    );
    for (const model of ["xfs", "btrfs"] as const) {
      expect(treesAt(timeline, model)).toEqual(["a= b=2", "a=1 b=2", "a=· b=2"]);
    }
  });

  test("long contents are told apart, too", () => {
    const timeline = timelineOf((fs) => fs.writeFileSync("/a", "x".repeat(10_000)));
    const shown = treesAt(timeline, "posix").map((tree) => `${tree.slice(0, 3)} ${tree.length}`);
    const fronts = [" 0", "a= 2", "a=x 4098", "a=x 8194", "a=x 10001", "a=x 10002"];
    // All zeros, without the first page, only the last.
    const others = ["a=· 10002", "a=· 10002", "a=· 10002"];
    expect(shown).toEqual([...fronts, ...others]);
  });
});

describe.each(["fsyncSync", "fdatasyncSync"] as const)("%s", (call) => {
  test.each(models)("%s: makes what was written durable, not what comes later", (model) => {
    const timeline = timelineOf(
      (fs) => {
        fs.appendFileSync("/log", "b");
        flush(fs, "/log", call);
        fs.appendFileSync("/log", "c");
      },
      (fs) => fs.writeFileSync("/log", "a"),
    );
    expect(treesAt(timeline, model)).toEqual(["log=ab", "log=abc", "log=ab·"]);
  });
});

describe("a truncation that no flush made durable", () => {
  test.each(models)("%s: either way", (model) => {
    const timeline = timelineOf(
      (fs) => fs.truncateSync("/a", 1),
      (fs) => fs.writeFileSync("/a", "old"),
    );
    expect(treesAt(timeline, model)).toEqual(["a=o", "a=old"]);
  });

  test.each(journaling)("%s: before the names that came after it", (model) => {
    const timeline = timelineOf(
      (fs) => {
        fs.truncateSync("/a", 1);
        fs.renameSync("/a", "/b");
      },
      (fs) => fs.writeFileSync("/a", "old"),
    );
    expect(treesAt(timeline, model)).toEqual(["a=o", "a=old", "b=o"]);
    expect(treesAt(timeline, "posix")).toEqual(["a=o", "a=old", "b=o", "b=old"]);
  });

  test("a file that is written anew in place may be empty, old, new, or both", () => {
    const timeline = timelineOf(
      (fs) => fs.writeFileSync("/a", "NN"),
      (fs) => fs.writeFileSync("/a", "old"),
    );
    const whole = { ...powerLossModels.btrfs, writes: ["nothing", "all"] as const };
    expect(treesAt(timeline, whole)).toEqual(["a=", "a=NN", "a=NNd", "a=old"]);
    expect(treesAt(timeline, "btrfs")).toEqual("a= a=N a=NN a=NNd a=Nld a=old a=··".split(" "));
  });
});

describe("attributes that no flush made durable", () => {
  const act = (call?: "fsyncSync" | "fdatasyncSync"): ReturnType<typeof timelineOf> =>
    timelineOf(
      (fs) => {
        fs.chmodSync("/a", 0o600);
        fs.chmodSync("/a", 0o640);
        if (call !== undefined) flush(fs, "/a", call);
      },
      (fs) => fs.writeFileSync("/a", ""),
    );

  test.each(models)("%s: those of any moment", (model) => {
    expect(treesAt(act(), model)).toEqual(["a(600)=", "a(640)=", "a="]);
  });

  test.each(models)("%s: fsync makes them durable", (model) => {
    expect(treesAt(act("fsyncSync"), model)).toEqual(["a(640)="]);
  });

  test.each(models)("%s: fdatasync does not", (model) => {
    expect(treesAt(act("fdatasyncSync"), model)).toEqual(["a(600)=", "a(640)=", "a="]);
  });

  test("fdatasync of a file that has grown commits the journal, where there is one", () => {
    const timeline = timelineOf(
      (fs) => {
        fs.chmodSync("/a", 0o600);
        fs.appendFileSync("/a", "x");
        flush(fs, "/a", "fdatasyncSync");
      },
      (fs) => fs.writeFileSync("/a", ""),
    );
    expect(treesAt(timeline, "ext4")).toEqual(["a(600)=x"]);
    expect(treesAt(timeline, "posix")).toEqual(["a(600)=x", "a=x"]);
  });
});

describe("an fsync that failed", () => {
  const retried = (failSync: number): ReturnType<typeof timelineOf> =>
    timelineOf(
      (fs) => {
        fs.appendFileSync("/log", "b");
        try {
          flush(fs, "/log");
        } catch {
          flush(fs, "/log");
        }
      },
      (fs) => fs.writeFileSync("/log", "a"),
      failSync,
    );

  test.each(models)("%s: a second one says ok, and the old content may come back", (model) => {
    expect(treesAt(retried(0), model)).toEqual(["log=ab"]);
    expect(treesAt(retried(1), model)).toContain("log=a");
    expect(treesAt(retried(1), model)).toContain("log=ab");
  });

  test.each(models)("%s: what is written anew and flushed is durable", (model) => {
    const timeline = timelineOf(
      (fs) => {
        const fd = fs.openSync("/a", "r+");
        fs.writeSync(fd, "new", 0);
        expect(() => fs.fsyncSync(fd)).toThrow("EIO: i/o error, fsync");
        fs.writeSync(fd, "new", 0);
        fs.fsyncSync(fd);
      },
      (fs) => fs.writeFileSync("/a", "old"),
      1,
    );
    expect(treesAt(timeline, model)).toEqual(["a=new"]);
  });

  test("of a directory: a journal writes its names next time, strict POSIX need not", () => {
    const timeline = timelineOf(
      (fs) => {
        fs.closeSync(fs.openSync("/a", "wx"));
        expect(() => flush(fs, "/")).toThrow("EIO");
        flush(fs, "/");
      },
      undefined,
      1,
    );
    for (const model of journaling) expect(treesAt(timeline, model)).toEqual(["a="]);
    expect(treesAt(timeline, "posix")).toEqual(["", "a="]);
  });
});

test.each(models)("%s: a descriptor opened with O_SYNC flushes with every write", (model) => {
  const timeline = timelineOf(
    (fs) => {
      const fd = fs.openSync("/log", "as");
      fs.writeSync(fd, "b");
      fs.closeSync(fd);
    },
    (fs) => fs.writeFileSync("/log", "a"),
  );
  expect(treesAt(timeline, model)).toEqual(["log=ab"]);
});
