import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import { commandFor, environmentFor } from "../../../atomic/test/support/node-script.ts";
import { needs } from "../../../atomic/test/support/needs.ts";
import { tempDir } from "../../../atomic/test/support/temp-dir.ts";
import { openObjects } from "../../src/objects/object-store.ts";
import { bundledStore } from "./bundled.ts";
import { run, sha256Of, someBytes } from "./run.ts";

vi.setConfig({ testTimeout: 60_000 });

const script = `
  const { openObjects, run, someBytes, sourceOf } = await import(input.module);
  const objects = openObjects(input.folder);
  for (const length of input.lengths) {
    const bytes = someBytes(length);
    await Promise.all([1, 2].map(() => run((operation) => objects.put(operation, sourceOf(bytes), length))));
  }
`;

it.runIf(needs("node"))("processes that put the same at once have each of it whole", async () => {
  const folder = join(tempDir(), "objects");
  const module = await bundledStore();
  const lengths = [...Array.from({ length: 60 }, (_, n) => n * 7), 300_000, 600_000];
  const [command, ...args] = commandFor(script);
  const input = { module, folder, lengths };
  const children = [1, 2, 3].map(() =>
    spawn(command!, args, {
      env: environmentFor({ script, input }) as NodeJS.ProcessEnv,
      stdio: ["ignore", "ignore", "inherit"],
    }),
  );
  const codes = await Promise.all(children.map(async (child) => (await once(child, "exit"))[0]));
  expect(codes).toEqual([0, 0, 0]);
  const objects = openObjects(folder);
  for (const length of lengths) {
    const sha256 = sha256Of(someBytes(length));
    expect(await run((operation) => objects.verify(operation, sha256, length))).toBe("ok");
  }
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  expect(files).toHaveLength(new Set(lengths).size);
});
