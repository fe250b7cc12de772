import {
  chmodSync,
  chownSync,
  mkdirSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { asUser, nobody } from "../../../atomic/test/support/as-user.ts";
import { needs } from "../../../atomic/test/support/needs.ts";
import { onSecondDevice, tempDir } from "../../../atomic/test/support/temp-dir.ts";
import { workbench } from "../support/workbench.ts";
import { edit, place, text, told, write } from "./support/agent.ts";

const checkpoint = new URL("../../dist/index.js", import.meta.url).href;

describe.runIf(needs("root", "posix"))("root", () => {
  it("leaves files to those who own them", async () => {
    const { at, open } = workbench();
    for (const name of ["bytes", "mode"]) {
      place(at(name), "before", 0o644);
      chownSync(at(name), nobody.uid, nobody.gid);
    }
    const checkpoints = await open();
    const { id } = await checkpoints.makeSnapshot("1");
    await edit(checkpoints, at("bytes"), () => writeFileSync(at("bytes"), "after"));
    await edit(checkpoints, at("mode"), () => chmodSync(at("mode"), 0o600));
    expect((await checkpoints.restoreToSnapshot(id)).complete).toBe(true);
    for (const name of ["bytes", "mode"]) {
      const { uid, gid, mode } = statSync(at(name));
      expect([uid, gid, mode & 0o777]).toEqual([nobody.uid, nobody.gid, 0o644]);
    }
  });
});

describe.runIf(needs("other-user", "node"))("somebody who is not root", () => {
  /** As nobody: a snapshot, some work, what root or nobody does then, and a restore. */
  function restoreAsNobody(before: string, work: string, after: string): unknown {
    const dir = tempDir();
    mkdirSync(join(dir, "work"));
    for (const path of [dir, join(dir, "work")]) chownSync(path, nobody.uid, nobody.gid);
    return asUser(nobody, {
      input: { dir },
      script: `
        const fs = await import("node:fs");
        const { openCheckpoints } = await import(${JSON.stringify(checkpoint)});
        const at = (name) => input.dir + "/work/" + name;
        const checkpoints = await openCheckpoints({
          store: input.dir + "/store", roots: [input.dir + "/work"], session: "demo",
        });
        const edit = async (name, change) => {
          await checkpoints.trackBeforeEdit(at(name), "1");
          change(at(name));
          await checkpoints.recordAfterEdit(at(name));
        };
        ${before}
        const { id } = await checkpoints.makeSnapshot("1");
        ${work}
        const { paths } = await checkpoints.restoreToSnapshot(id);
        ${after}
        await checkpoints.close();
        report(paths.map(({ path, ok, action, reason, code }) =>
          [path.slice(at("").length), ok, action, reason ?? null, code ?? null].join(" ")));
      `,
    });
  }

  it("restores a file that was left read-only", () => {
    const said = restoreAsNobody(
      `fs.writeFileSync(at("a"), "before");`,
      `await edit("a", (a) => { fs.writeFileSync(a, "after"); fs.chmodSync(a, 0o444); });`,
      `if (fs.readFileSync(at("a"), "utf8") !== "before") throw new Error("not restored");`,
    );
    expect(said).toEqual(["a true overwrite  "]);
  });

  it("fails for what is in a directory that may not be written, and restores the rest", () => {
    const said = restoreAsNobody(
      `fs.mkdirSync(at("closed"));
       for (const name of ["closed/a", "closed/removed", "b"]) fs.writeFileSync(at(name), "before");`,
      `for (const name of ["closed/a", "b"]) await edit(name, (file) => fs.writeFileSync(file, "after"));
       await edit("closed/made", (file) => fs.writeFileSync(file, "made"));
       await edit("closed/removed", (file) => fs.unlinkSync(file));
       fs.chmodSync(at("closed"), 0o555);`,
      `fs.chmodSync(at("closed"), 0o755);
       const names = fs.readdirSync(at("closed")).join();
       if (names !== "a,made") throw new Error(names);`,
    );
    expect(said).toEqual([
      "b true overwrite  ",
      "closed/a false overwrite failed EACCES",
      "closed/made false remove failed EACCES",
      "closed/removed false create failed EACCES",
    ]);
  });
});

describe.runIf(needs("second-device"))("a store on another device", () => {
  it("takes files and links into its trash, and leaves nothing behind", async () => {
    const { at, open, work, listing } = workbench();
    const store = join(onSecondDevice(), "store");
    expect(statSync(join(store, "..")).dev).not.toBe(statSync(work).dev);
    place(at("file"), "before");
    const before = listing();
    const checkpoints = await open({ store });
    const { id } = await checkpoints.makeSnapshot("1");
    await write(checkpoints, at("made"), "made");
    await edit(checkpoints, at("file"), () => {
      rmSync(at("file"));
      mkdirSync(at("file"));
    });
    await edit(checkpoints, at("link"), () => symlinkSync("nowhere", at("link")));
    const report = await checkpoints.restoreToSnapshot(id);
    expect(told(report, work)).toEqual({
      file: "create",
      link: "remove",
      made: "remove",
    });
    expect(listing()).toEqual(before);
    const trash = (name: string): string =>
      report.paths.find(({ path }) => path === at(name))!.trash!;
    expect(text(trash("made"))).toBe("made");
    expect(readlinkSync(trash("link"))).toBe("nowhere");
    expect((await checkpoints.undoRestore(report.restoreId!)).complete).toBe(true);
    expect(text(at("made"))).toBe("made");
  });
});
