import { describe, expect, test } from "vitest";
import type { NodeFileSystem } from "../../src/calls/node-file-system.ts";
import type { ModelName } from "../../src/crash/models.ts";
import { flush, timelineOf, touch, treesAt } from "./legal-trees.ts";

const models: readonly ModelName[] = ["posix", "ext4", "xfs", "btrfs"];
const journaling: readonly ModelName[] = ["ext4", "xfs", "btrfs"];

describe("names that no flush made durable", () => {
  const two = timelineOf((fs) => touch(fs, "/a", "/b"));

  test("posix: any of them", () => {
    expect(treesAt(two, "posix")).toEqual(["", "a=", "a= b=", "b="]);
  });

  test.each(journaling)("%s: as they were made, up to some moment", (model) => {
    expect(treesAt(two, model)).toEqual(["", "a=", "a= b="]);
  });

  test.each(models)("%s: a removal can be lost or kept", (model) => {
    const timeline = timelineOf(
      (fs) => fs.unlinkSync("/a"),
      (fs) => touch(fs, "/a"),
    );
    expect(treesAt(timeline, model)).toEqual(["", "a="]);
  });

  test("posix: a rename comes even if the creation before it was lost", () => {
    const timeline = timelineOf((fs) => {
      touch(fs, "/a");
      fs.renameSync("/a", "/b");
    });
    expect(treesAt(timeline, "posix")).toEqual(["", "a=", "b="]);
  });

  test.each(models)("%s: a rename in one directory is never half", (model) => {
    const timeline = timelineOf(
      (fs) => fs.renameSync("/a", "/b"),
      (fs) => touch(fs, "/a"),
    );
    expect(treesAt(timeline, model)).toEqual(["a=", "b="]);
  });

  const crossing = timelineOf(
    (fs) => fs.renameSync("/x/a", "/y/a"),
    (fs) => {
      fs.mkdirSync("/x");
      fs.mkdirSync("/y");
      touch(fs, "/x/a");
    },
  );

  test("posix: a rename to another directory may leave both names, never none", () => {
    expect(treesAt(crossing, "posix")).toEqual(["x/ x/a= y/", "x/ x/a= y/ y/a=", "x/ y/ y/a="]);
  });

  test.each(journaling)("%s: a rename to another directory is one change", (model) => {
    expect(treesAt(crossing, model)).toEqual(["x/ x/a= y/", "x/ y/ y/a="]);
  });

  test.each(models)("%s: a directory has one name, whatever was lost", (model) => {
    const timeline = timelineOf(
      (fs) => {
        fs.renameSync("/d", "/e");
        fs.renameSync("/e", "/f");
      },
      (fs) => {
        fs.mkdirSync("/d");
        touch(fs, "/d/in");
      },
    );
    expect(treesAt(timeline, model)).toEqual(["d/ d/in=", "e/ e/in=", "f/ f/in="]);
  });

  test.each(models)("%s: of two names of a directory, the newest", (model) => {
    const timeline = timelineOf(
      (fs) => {
        fs.renameSync("/d", "/e");
        fs.renameSync("/e", "/x/z"); // durable with "/x", whatever became of the first
        flush(fs, "/x");
      },
      (fs) => {
        fs.mkdirSync("/d");
        fs.mkdirSync("/x");
      },
    );
    expect(treesAt(timeline, model)).toEqual(["x/ x/z/"]);
  });

  test("posix: what lies in a directory is gone with the directory", () => {
    const timeline = timelineOf((fs) => {
      fs.mkdirSync("/d");
      touch(fs, "/d/a");
    });
    expect(treesAt(timeline, "posix")).toEqual(["", "d/", "d/ d/a="]);
  });

  test("posix: hard links are lost one by one", () => {
    const timeline = timelineOf(
      (fs) => fs.linkSync("/a", "/b"),
      (fs) => touch(fs, "/a"),
    );
    expect(treesAt(timeline, "posix")).toEqual(["a=", "a= b="]);
  });

  test("posix: symbolic links come and go whole", () => {
    const timeline = timelineOf((fs) => fs.symlinkSync("there", "/a"));
    expect(treesAt(timeline, "posix")).toEqual(["", "a=>there"]);
  });
});

describe("fsync of a directory", () => {
  test.each(models)("%s: makes its names durable", (model) => {
    const timeline = timelineOf((fs) => {
      touch(fs, "/a", "/b");
      fs.renameSync("/b", "/c");
      flush(fs, "/");
    });
    expect(treesAt(timeline, model)).toEqual(["a= c="]);
  });

  test.each(models)("%s: fdatasync of it, too", (model) => {
    const timeline = timelineOf((fs) => {
      touch(fs, "/a");
      flush(fs, "/", "fdatasyncSync");
    });
    expect(treesAt(timeline, model)).toEqual(["a="]);
  });

  const inner = timelineOf(
    (fs) => {
      touch(fs, "/a", "/d/b");
      flush(fs, "/d");
    },
    (fs) => fs.mkdirSync("/d"),
  );

  test.each(["posix", "btrfs"] as const)("%s: not those in another directory", (model) => {
    expect(treesAt(inner, model)).toEqual(["a= d/ d/b=", "d/ d/b="]);
  });

  test.each(["ext4", "xfs"] as const)("%s: and all names before it", (model) => {
    expect(treesAt(inner, model)).toEqual(["a= d/ d/b="]);
  });

  const crossing = (flushed: string): ReturnType<typeof timelineOf> =>
    timelineOf(
      (fs) => {
        fs.renameSync("/x/a", "/y/a");
        flush(fs, flushed);
      },
      (fs) => {
        fs.mkdirSync("/x");
        fs.mkdirSync("/y");
        touch(fs, "/x/a");
      },
    );

  test("posix: of the one that a file was moved to, the new name", () => {
    expect(treesAt(crossing("/y"), "posix")).toEqual(["x/ x/a= y/ y/a=", "x/ y/ y/a="]);
  });

  test("posix: of the one that a file was moved from, the removal and with it the new name", () => {
    expect(treesAt(crossing("/x"), "posix")).toEqual(["x/ y/ y/a="]);
  });

  const deep = timelineOf((fs) => {
    fs.mkdirSync("/a/b", { recursive: true });
    flush(fs, "/a/b");
  });

  test("posix: not the name of the directory itself", () => {
    expect(treesAt(deep, "posix")).toEqual(["", "a/", "a/ a/b/"]);
  });

  test.each(journaling)("%s: and what leads to it", (model) => {
    expect(treesAt(deep, model)).toEqual(["a/ a/b/"]);
  });
});

describe("fsync of a file", () => {
  const timeline = timelineOf((fs) => {
    touch(fs, "/a", "/b");
    flush(fs, "/b");
  });

  test("posix: not its name", () => {
    expect(treesAt(timeline, "posix")).toEqual(["", "a=", "a= b=", "b="]);
  });

  test.each(["ext4", "xfs"] as const)("%s: all names before it", (model) => {
    expect(treesAt(timeline, model)).toEqual(["a= b="]);
  });

  test("btrfs: its name, which overtakes the others", () => {
    expect(treesAt(timeline, "btrfs")).toEqual(["a= b=", "b="]);
  });

  test("btrfs: who had the name before keeps the new one", () => {
    const taken = timelineOf(
      (fs) => {
        fs.renameSync("/a", "/old");
        fs.writeFileSync("/a", "new");
        flush(fs, "/a");
      },
      (fs) => fs.writeFileSync("/a", "old"),
    );
    expect(treesAt(taken, "btrfs")).toEqual(["a=new old=old"]);
  });
});

describe("fsync of what was not changed", () => {
  const removed = (fs: NodeFileSystem): void => fs.unlinkSync("/x");
  const before = (fs: NodeFileSystem): void => {
    touch(fs, "/x", "/lock");
    fs.mkdirSync("/d");
  };
  const either = ["d/ lock=", "d/ lock= x="];

  test.each(models)("%s: of a file is no news of others", (model) => {
    const timeline = timelineOf((fs) => {
      removed(fs);
      flush(fs, "/lock");
    }, before);
    expect(treesAt(timeline, model)).toEqual(either);
  });

  test.each(models)("%s: of a directory neither", (model) => {
    const timeline = timelineOf((fs) => {
      removed(fs);
      flush(fs, "/d");
    }, before);
    expect(treesAt(timeline, model)).toEqual(either);
  });

  test.each(models)("%s: nor of what was changed before, only", (model) => {
    const timeline = timelineOf((fs) => {
      fs.chmodSync("/lock", 0o600);
      removed(fs);
      flush(fs, "/lock");
    }, before);
    expect(treesAt(timeline, model)).toEqual(either.map((tree) => tree.replace("=", "(600)=")));
  });

  test.each<[string, (fs: NodeFileSystem) => void, string]>([
    ["attributes", (fs) => fs.chmodSync("/lock", 0o600), "d/ lock(600)="],
    ["a write", (fs) => fs.writeFileSync("/lock", "1"), "d/ lock=1"],
    ["a link", (fs) => fs.linkSync("/lock", "/d/lock"), "d/ d/lock= lock="],
    ["a rename", (fs) => fs.renameSync("/lock", "/d/lock"), "d/ d/lock="],
  ])("ext4, xfs: with a change of it since then, %s, all before that is", (_, change, tree) => {
    const timeline = timelineOf((fs) => {
      removed(fs);
      change(fs);
      const path = fs.existsSync("/lock") ? "/lock" : "/d/lock";
      flush(fs, path);
    }, before);
    for (const model of ["ext4", "xfs"] as const) expect(treesAt(timeline, model)).toEqual([tree]);
  });

  test("ext4, xfs: fdatasync goes as far as the last change of its size", () => {
    const timeline = timelineOf((fs) => {
      fs.writeFileSync("/lock", "1");
      removed(fs);
      fs.chmodSync("/lock", 0o600);
      flush(fs, "/lock", "fdatasyncSync");
    }, before);
    for (const model of ["ext4", "xfs"] as const) {
      expect(treesAt(timeline, model)).toEqual(["d/ lock(600)=1", "d/ lock=1", "d/ lock=1 x="]);
    }
  });

  test("ext4, xfs: what fdatasync left to the journal, a later fsync commits", () => {
    const timeline = timelineOf(
      (fs) => {
        removed(fs);
        const fd = fs.openSync("/lock", "r+");
        fs.writeSync(fd, "2");
        fs.fdatasyncSync(fd);
        fs.fsyncSync(fd);
        fs.closeSync(fd);
      },
      (fs) => {
        before(fs);
        fs.writeFileSync("/lock", "1");
      },
    );
    for (const model of ["ext4", "xfs"] as const) {
      expect(treesAt(timeline, model)).toEqual(["d/ lock=2"]);
    }
  });
});
