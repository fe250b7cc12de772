/** A disk that is really full, and one that cannot be written to. */

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { inMountNamespace } from "../../../atomic/test/support/in-mount-namespace.ts";
import { needs } from "../../../atomic/test/support/needs.ts";
import { tempDir } from "../../../atomic/test/support/temp-dir.ts";

vi.setConfig({ testTimeout: 60_000 });

const spillIndex = new URL("../../dist/index.js", import.meta.url).href;

const script = `
  import { readdirSync } from "node:fs";
  const { openSpillStore } = await import(input.index);
  const store = await openSpillStore({ root: input.dir + "/store", session: "s", maxBytes: 100 });
  const said = ({ spilled, truncated, reason, bytes, sha256, content, error }) => ({
    spilled, truncated, reason, bytes, whole: sha256 !== undefined, shown: content?.length, code: error?.code,
  });
  function* pieces() { for (;;) yield Buffer.alloc(65536, "x"); }
  const text = "x".repeat(3_000_000);
  const results = [await store.spill("text", text), await store.spill("stream", pieces())].map(said);
  const left = [...readdirSync(input.dir + "/store/s"), ...readdirSync(input.dir + "/store/s/.spill")];
  const usage = store.usage();
  const fits = said(await store.spill("fits", "y".repeat(500_000)));
  report({ results, left, usage, fits, ended: await store.endSession(), after: readdirSync(input.dir + "/store") });
`;

describe.runIf(needs("linux", "mount-namespace"))("S5 a full disk", () => {
  it("is a result; nothing is left, and what fits afterwards is kept", () => {
    const dir = join(tempDir(), "full");
    mkdirSync(dir);
    const mounts = [{ type: "tmpfs", target: dir, options: "size=1m" }] as const;
    const seen = inMountNamespace<any>({ mounts, script, input: { dir, index: spillIndex } });
    const full = { spilled: false, truncated: true, reason: "no-space", code: "ENOSPC" };
    expect(seen.results[0]).toMatchObject({ ...full, bytes: 3_000_000, whole: true });
    expect(seen.results[1]).toMatchObject({ ...full, whole: false });
    for (const { shown } of seen.results) expect(shown).toBeLessThan(5000);
    expect(seen.left).toEqual([".spill"]);
    expect(seen.usage).toMatchObject({ sessionBytes: 0, storeBytes: 0 });
    expect(seen.fits).toMatchObject({ spilled: true });
    expect(seen.ended).toMatchObject({ ended: true, removedFiles: 1 });
    expect(seen.after).toEqual([]);
  });

  it("where nothing can be written the store does not open, and says why", () => {
    const dir = join(tempDir(), "sealed");
    mkdirSync(dir);
    const seen = inMountNamespace<any>({
      mounts: [{ type: "read-only", target: dir }],
      script: `
        const { openSpillStore } = await import(input.index);
        const error = await openSpillStore({ root: input.dir + "/store", session: "s" }).catch((e) => e);
        report({ code: error.code, op: error.op });
      `,
      input: { dir, index: spillIndex },
    });
    expect(seen).toEqual({ code: "EROFS", op: "openSpillStore" });
  });
});
