/** Programs that replace `/a`: a right one, and what goes wrong in others. */

import { strict as assert } from "node:assert";
import type { NodeFileSystem } from "../../src/calls/node-file-system.ts";
import type { Scenario } from "../../src/scenario/scenario.ts";

type Run = Scenario["run"];

export const ignoring = (act: () => void): void => {
  try {
    act();
  } catch {
    // the first failure is reported
  }
};

/** Five calls: open, write, fsync, close, rename. */
export const careful: Run = (fs) => {
  let fd: number | undefined = fs.openSync("/a.tmp", "wx");
  let renamed = false;
  try {
    writeAll(fs, fd, "new");
    fs.fsyncSync(fd);
    const closing = fd;
    fd = undefined;
    fs.closeSync(closing);
    fs.renameSync("/a.tmp", "/a");
    renamed = true;
  } finally {
    if (fd !== undefined) {
      const open = fd;
      ignoring(() => fs.closeSync(open));
    }
    if (!renamed) ignoring(() => fs.unlinkSync("/a.tmp"));
  }
};

export function writeAll(fs: NodeFileSystem, fd: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let done = 0; done < bytes.length;) done += fs.writeSync(fd, bytes, done);
}

/** The same with promises. */
export const carefulPromises: Run = async ({ promises: fs }) => {
  const handle = await fs.open("/a.tmp", "wx");
  try {
    try {
      await handle.writeFile("new");
      await handle.sync();
    } finally {
      await handle.close();
    }
    await fs.rename("/a.tmp", "/a");
  } catch (error) {
    await fs.unlink("/a.tmp").catch(() => {});
    throw error;
  }
};

export const oldOrNew: Scenario["check"] = (fs, { end }) => {
  const found = fs.readFileSync("/a", "utf8");
  if (end === "done") assert.equal(found, "new");
  else assert.match(found, /^(old|new)$/);
};

/** `/a` holds "old" before. */
export const saving = (run: Run, more: Partial<Scenario> = {}): Scenario => ({
  setup: (fs) => fs.writeFileSync("/a", "old"),
  run,
  check: oldOrNew,
  ...more,
});
