/** Where a root can only compare: a link that is planted between two calls is noticed, and no tool gets an exception. */

import * as fs from "node:fs";
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import { tempDir } from "../../../atomic/test/support/temp-dir.ts";
import { linesOf, openStore, truncated } from "../support/stores.ts";

vi.setConfig({ testTimeout: 60_000 });

const text = linesOf(200_000);

it.each(["s1", "s1/.spill"])("a link in the place of %s, as an output is opened", async (name) => {
  const top = tempDir();
  const [dir, outside] = [join(top, "store"), join(top, "outside")];
  mkdirSync(join(outside, ".spill"), { recursive: true });
  writeFileSync(join(outside, "file"), "precious");
  let swaps = false;
  const promises = {
    ...fs.promises,
    open: async (...args: Parameters<typeof fs.promises.open>) => {
      if (swaps && String(args[0]).endsWith(".part")) {
        swaps = false;
        renameSync(join(dir, name), join(top, "away"));
        symlinkSync(name === "s1" ? outside : join(outside, ".spill"), join(dir, name));
      }
      return await fs.promises.open(...args);
    },
  };
  const fileSystem = { promises, platform: "other" } as never;
  const { store } = await openStore({ root: dir, durable: false, fileSystem });
  swaps = true;
  const result = truncated(await store.spill("x", text));
  expect(result).toMatchObject({ reason: "planted", error: { code: "ERR_CHANGED" } });
  expect(swaps).toBe(false);
  expect(readFileSync(join(outside, "file"), "utf8")).toBe("precious");
  const made = readdirSync(join(outside, ".spill"));
  // It was made there before that was noticed; nothing of the output was written to it.
  expect(made).toHaveLength(1);
  expect(readFileSync(join(outside, ".spill", made[0]!), "utf8")).toBe("");
  expect(result.error.leftovers).toEqual([join(dir, "s1", ".spill", made[0]!)]);
  expect(truncated(await store.spill("x", text)).reason).toBe("planted");
  expect(readdirSync(join(outside, ".spill"))).toEqual(made);
});
