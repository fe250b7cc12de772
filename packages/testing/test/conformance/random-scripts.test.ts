/** Scripts that nobody thought of: the memory file system and a real disk say the same. */

import * as nodeFs from "node:fs";
import { tmpdir } from "node:os";
import { dirname } from "node:path";
import { describe, expect, test } from "vitest";
import { facesOf } from "../../src/calls/faces.ts";
import type { FileSystemLike } from "../../src/calls/node-file-system.ts";
import { ScriptRun } from "../../src/conformance/script-run.ts";
import { parseStep } from "../../src/conformance/step.ts";
import { MemoryBackend } from "../../src/memory/memory-backend.ts";
import { Random } from "../../src/scenario/random.ts";
import { nobody } from "../../../atomic/test/support/as-user.ts";
import { needs } from "../../../atomic/test/support/needs.ts";
import { removeTree, tempDir, tmpfsParent } from "../../../atomic/test/support/temp-dir.ts";
import { randomScript } from "./support/random-script.ts";

const seed = Number(process.env["HOLDFAST_SEED"] ?? 20_251);
const count = Number(process.env["HOLDFAST_SCRIPTS"] ?? 150);
const within = "/out/out/out/dir";
const umask = process.umask();

async function observe(
  fs: FileSystemLike,
  dir: string,
  lines: readonly string[],
): Promise<string[]> {
  const steps = lines.map((line) => parseStep(`${line} -> ?`));
  return await new ScriptRun({ fs, dir }, "sync").run(steps);
}

/** All calls between are those of another user: the effective one counts for everything but access. */
async function as<Result>(uid: number, work: () => Promise<Result>): Promise<Result> {
  if (uid === 0) return await work();
  const groups = process.getgroups!();
  process.setgroups!([uid]);
  process.setegid!(uid);
  process.seteuid!(uid);
  try {
    return await work();
  } finally {
    process.seteuid!(0);
    process.setegid!(0);
    process.setgroups!(groups);
  }
}

describe.runIf(needs("linux", "node", "root"))("memory and disk agree", () => {
  test.each([
    { who: "root", uid: 0, parent: tmpdir() },
    { who: "root, on tmpfs", uid: 0, parent: tmpfsParent() ?? tmpdir() },
    { who: "another user", uid: nobody.uid, parent: tmpfsParent() ?? tmpdir() },
  ])(`for ${count} scripts as $who`, { timeout: 120_000 }, async ({ uid, parent }) => {
    console.log(`HOLDFAST_SEED=${seed}`);
    const random = new Random(seed);
    const base = tempDir(parent);
    nodeFs.chmodSync(base, 0o755);
    for (let i = 0; i < count; i++) {
      const lines = randomScript(random, { asRoot: uid === 0 });
      const outer = `${base}/${i}`;
      // Links lead out of it, by a few levels at most: out there, too, all is new.
      const dir = `${outer}${within}`;
      nodeFs.mkdirSync(dir, { recursive: true });
      for (let at = dir; at !== base; at = dirname(at)) nodeFs.chownSync(at, uid, uid);
      const real = await as(uid, () => observe(nodeFs as never, dir, lines));
      removeTree(outer);
      const backend = new MemoryBackend({ uid, umask, tree: [`${within.slice(1)}/`] });
      const memory = await observe(facesOf(backend) as never, within, lines);
      expect(memory, `script ${i}`).toEqual(real);
    }
  });
});
