import { expect, it, vi } from "vitest";
import { needs } from "../../../atomic/test/support/needs.ts";
import { callsOf, program } from "./programs.ts";

vi.setConfig({ testTimeout: 120_000 });

it.runIf(needs("linux", "node"))(
  "calls by way of a directory that is held open count",
  async () => {
    const script = `
    import { closeSync, mkdirSync, openSync, renameSync, unlinkSync, writeFileSync } from "node:fs";
    mkdirSync("sub");
    const held = openSync("sub", "r");
    writeFileSync(\`/proc/self/fd/\${held}/a\`, "text");
    renameSync(\`/proc/self/fd/\${held}/a\`, "b");
    const outside = openSync("/tmp", "r");
    try { unlinkSync(\`/proc/self/fd/\${outside}/holdfast-there-is-no-such-file\`); } catch {}
    closeSync(held);`;
    expect(await callsOf(program(script))).toEqual([
      "mkdir sub",
      "open sub/a w",
      "write sub/a 4",
      "rename sub/a -> b",
    ]);
  },
);
