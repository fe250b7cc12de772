/** For each rule a program that breaks it, and one that does the same thing right. */

import type { NodeFileSystem } from "../../src/calls/node-file-system.ts";
import type { LintRule } from "../../src/trace/lint-rules.ts";
import type { Trace } from "../../src/trace/trace.ts";

export type TracedProgram = (fs: NodeFileSystem, trace: Trace) => unknown;

export interface LintExample {
  readonly rule: LintRule;
  readonly title: string;
  readonly bad: TracedProgram;
  /** How the finding begins, and the call that it blames. */
  readonly message: string;
  readonly call: string;
  readonly good: TracedProgram;
  /** What fails in both: the n-th call of a name, with an error. */
  readonly fails?: readonly [method: string, code: string];
}

export function stage(fs: NodeFileSystem, path: string, flags: string = "wx"): void {
  const fd = fs.openSync(path, flags);
  try {
    fs.writeSync(fd, "new");
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

export function flush(fs: NodeFileSystem, path: string): void {
  const fd = fs.openSync(path, "r");
  try {
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

/** The whole recipe. */
export const replace: TracedProgram = (fs, trace) => {
  stage(fs, "/home/state.tmp");
  fs.renameSync("/home/state.tmp", "/home/state");
  flush(fs, "/home");
  trace.ack("saved");
};

export const examples: readonly LintExample[] = [
  {
    rule: "rename-unsynced-data",
    title: "no fsync before rename",
    bad: (fs) => {
      fs.writeFileSync("/home/state.tmp", "new", { flag: "wx" });
      fs.renameSync("/home/state.tmp", "/home/state");
    },
    message: "staged gets its new name before its data is on disk",
    call: "rename staged -> state",
    good: replace,
  },
  {
    rule: "rename-unsynced-data",
    title: "an fsync that has not ended",
    bad: async ({ promises }) => {
      const handle = await promises.open("/home/state.tmp", "wx");
      await handle.write("new");
      const flushing = handle.sync();
      await Promise.all([flushing, promises.rename("/home/state.tmp", "/home/state")]);
      await handle.close();
    },
    message: "staged gets its new name before its data is on disk",
    call: "rename staged -> state",
    good: async ({ promises }) => {
      const handle = await promises.open("/home/state.tmp", "wx");
      await handle.write("new");
      await handle.sync();
      await Promise.all([handle.close(), promises.rename("/home/state.tmp", "/home/state")]);
    },
  },
  {
    rule: "rename-unsynced-data",
    title: "written after the fsync, and linked",
    bad: (fs) => {
      const fd = fs.openSync("/home/state.tmp", "wx");
      fs.fsyncSync(fd);
      fs.writeSync(fd, "new");
      fs.closeSync(fd);
      fs.linkSync("/home/state.tmp", "/home/other");
    },
    message: "staged gets its new name before its data is on disk",
    call: "link staged -> other",
    good: (fs) => {
      const fd = fs.openSync(
        "/home/state.tmp",
        fs.constants.O_CREAT | fs.constants.O_EXCL | fs.constants.O_WRONLY | fs.constants.O_SYNC,
      );
      fs.writeSync(fd, "new");
      fs.closeSync(fd);
      fs.linkSync("/home/state.tmp", "/home/other");
    },
  },
  {
    rule: "ack-unsynced-data",
    title: "an append that is only written",
    bad: (fs, trace) => {
      fs.appendFileSync("/home/log", "line\n");
      trace.ack("logged");
    },
    message: 'log is acknowledged, and what was written to it is not on disk (ack "logged")',
    call: "write log 5",
    good: (fs, trace) => {
      fs.appendFileSync("/home/log", "line\n", { flush: true });
      trace.ack("logged");
    },
  },
  {
    rule: "ack-unsynced-entry",
    title: "no fsync of the directory",
    bad: (fs, trace) => {
      stage(fs, "/home/state.tmp");
      fs.renameSync("/home/state.tmp", "/home/state");
      trace.ack("saved");
    },
    message: 'state is acknowledged, and its directory has not been flushed since (ack "saved")',
    call: "rename staged -> state",
    good: replace,
  },
  {
    rule: "ack-unsynced-entry",
    title: "a removal that comes back",
    bad: (fs, trace) => {
      fs.unlinkSync("/home/state");
      trace.ack("removed");
    },
    message: 'state is acknowledged, and its directory has not been flushed since (ack "removed")',
    call: "unlink state",
    good: (fs, trace) => {
      fs.unlinkSync("/home/state");
      flush(fs, "/home");
      trace.ack("removed");
    },
  },
  {
    rule: "ack-unsynced-entry",
    title: "the wrong directory flushed; a file that is gone again needs none",
    bad: (fs, trace) => {
      stage(fs, "/home/new");
      flush(fs, "/");
      trace.ack("made");
    },
    message: 'home/new is acknowledged, and its directory has not been flushed since (ack "made")',
    call: "open home/new wx",
    good: (fs, trace) => {
      stage(fs, "/home/new");
      fs.unlinkSync("/home/new");
      trace.ack("nothing");
    },
  },
  {
    rule: "new-directory-unflushed",
    title: "new ancestors not flushed",
    bad: (fs, trace) => {
      fs.mkdirSync("/home/a/b", { recursive: true });
      stage(fs, "/home/a/b/state");
      flush(fs, "/home/a/b");
      flush(fs, "/home/a");
      trace.ack("saved");
    },
    message:
      'a is a new directory, and its own name has not been flushed into its parent (ack "saved")',
    call: "mkdir a",
    good: (fs, trace) => {
      fs.mkdirSync("/home/a/b", { recursive: true });
      stage(fs, "/home/a/b/state");
      for (const directory of ["/home/a/b", "/home/a", "/home"]) flush(fs, directory);
      trace.ack("saved");
    },
  },
  {
    rule: "fsync-retried",
    title: "an fsync that failed, once more",
    fails: ["fsync", "EIO"],
    bad: (fs) => {
      const fd = fs.openSync("/home/state.tmp", "wx");
      fs.writeSync(fd, "new");
      try {
        fs.fsyncSync(fd);
      } catch {
        fs.fsyncSync(fd);
      }
      fs.closeSync(fd);
    },
    message: "state.tmp is flushed again after a flush failed (fsync failed with EIO)",
    call: "fsync state.tmp",
    good: (fs) => {
      try {
        stage(fs, "/home/state.tmp");
      } catch {
        fs.unlinkSync("/home/state.tmp");
        stage(fs, "/home/state.tmp");
      }
    },
  },
  {
    rule: "ignored-error",
    title: "renamed after an fsync that failed",
    fails: ["fsync", "EIO"],
    bad: (fs) => {
      try {
        stage(fs, "/home/state.tmp");
      } catch {
        // "it will be all right"
      }
      fs.renameSync("/home/state.tmp", "/home/state");
    },
    message:
      "staged is used as if it were whole, after an error of fsync or close (fsync failed with EIO)",
    call: "rename staged -> state",
    good: (fs) => {
      try {
        stage(fs, "/home/state.tmp");
        fs.renameSync("/home/state.tmp", "/home/state");
      } catch {
        fs.unlinkSync("/home/state.tmp");
      }
    },
  },
  {
    rule: "ignored-error",
    title: "acknowledged after a close that failed",
    fails: ["close", "EIO"],
    bad: (fs, trace) => {
      try {
        stage(fs, "/home/new");
      } catch {
        // nobody looks at what close says
      }
      trace.ack("saved");
    },
    message:
      "new is used as if it were whole, after an error of fsync or close (close failed with EIO)",
    call: "ack saved",
    good: (fs, trace) => {
      try {
        stage(fs, "/home/new");
        trace.ack("saved");
      } catch {
        fs.unlinkSync("/home/new");
      }
      trace.ack("not saved");
    },
  },
  {
    rule: "name-gone",
    title: "the old file renamed away first",
    bad: (fs) => {
      stage(fs, "/home/state.tmp");
      fs.renameSync("/home/state", "/home/state.bak");
      fs.renameSync("/home/state.tmp", "/home/state");
    },
    message: "state is taken away before the new one is there",
    call: "rename state -> state.bak",
    good: (fs) => {
      stage(fs, "/home/state.tmp");
      fs.linkSync("/home/state", "/home/state.bak");
      fs.renameSync("/home/state.tmp", "/home/state");
    },
  },
  {
    rule: "name-gone",
    title: "removed and written anew, without saying so in between",
    bad: (fs) => {
      fs.rmSync("/home/state");
      fs.writeFileSync("/home/state", "new");
    },
    message: "state is taken away before the new one is there",
    call: "unlink state",
    good: (fs, trace) => {
      fs.rmSync("/home/state");
      flush(fs, "/home");
      trace.ack("removed");
      fs.writeFileSync("/home/state", "new");
    },
  },
  {
    rule: "in-place-overwrite",
    title: "truncated and written in place, flushed and all",
    bad: (fs, trace) => {
      fs.writeFileSync("/home/state", "new", { flush: true });
      trace.ack("saved");
    },
    message: 'state is acknowledged, and its content was overwritten in place (ack "saved")',
    call: "open state w",
    good: (fs, trace) => {
      replace(fs, trace);
      fs.appendFileSync("/home/state", "more", { flush: true });
      trace.ack("more");
    },
  },
  {
    rule: "check-then-use",
    title: "a check by path before an open",
    bad: (fs) => {
      if (fs.lstatSync("/home/state").isFile()) fs.readFileSync("/home/state");
    },
    message: "state is looked at, and then used by the same path (lstat, then open)",
    call: "open state r",
    good: (fs) => {
      const fd = fs.openSync("/home/state", fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW);
      if (fs.fstatSync(fd).isFile()) fs.readFileSync(fd);
      fs.closeSync(fd);
    },
  },
  {
    rule: "check-then-use",
    title: "written if it is not there",
    bad: (fs) => {
      if (!fs.existsSync("/home/new")) fs.writeFileSync("/home/new", "x");
    },
    message: "new is looked at, and then used by the same path (access, then open)",
    call: "open new w",
    good: (fs) => {
      if (!fs.existsSync("/home/new")) fs.writeFileSync("/home/new", "x", { flag: "wx" });
    },
  },
  {
    rule: "check-then-use",
    title: "a mode that is changed after a look; a descriptor that is compared with the look",
    bad: async ({ promises }) => {
      const { mode } = await promises.stat("/home/state");
      await promises.chmod("/home/state", mode & 0o700);
    },
    message: "state is looked at, and then used by the same path (stat, then chmod)",
    call: "chmod state 0600",
    good: async ({ promises }) => {
      const before = await promises.lstat("/home/state");
      const handle = await promises.open("/home/state", "r");
      const { ino } = await handle.stat();
      if (before.ino === ino) await handle.readFile();
      await handle.close();
    },
  },
  {
    rule: "staged-not-exclusive",
    title: "a staged file that may be somebody else's",
    bad: (fs) => {
      stage(fs, "/home/state.tmp", "w");
      fs.renameSync("/home/state.tmp", "/home/state");
    },
    message: "staged is opened without O_EXCL, and then given another name",
    call: "open staged w",
    good: (fs) => {
      stage(fs, "/home/state.tmp", "ax");
      fs.renameSync("/home/state.tmp", "/home/state");
    },
  },
  {
    rule: "staged-elsewhere",
    title: "a staged file in the directory for temporary ones",
    bad: (fs) => {
      stage(fs, "/tmp/state");
      fs.renameSync("/tmp/state", "/home/state");
    },
    message: "tmp/staged is staged in another directory than its target",
    call: "rename tmp/staged -> home/state",
    good: (fs) => {
      stage(fs, "/home/state.tmp");
      fs.renameSync("/home/state.tmp", "/home/state");
      fs.renameSync("/home/state", "/tmp/state"); // moved, not staged
    },
  },
  {
    rule: "unlink-foreign",
    title: "what looks left over is removed",
    bad: (fs) => fs.rmSync("/home/left.tmp", { force: true }),
    message:
      "left.tmp is removed, has the name of a lock or a staged file, and the program did not create it",
    call: "unlink left.tmp",
    good: (fs) => {
      stage(fs, "/home/state.tmp");
      fs.rmSync("/home/state.tmp");
      fs.rmSync("/home/state"); // no staged file, no lock: its own business
    },
  },
];
