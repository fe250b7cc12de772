/** The store of objects as one module, for processes of their own: from the source, with all that it is made of. */

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";
import { tempDir } from "../../../atomic/test/support/temp-dir.ts";

/** The path of a module that exports what `whole-store.ts` does. */
export async function bundledStore(): Promise<string> {
  const file = join(tempDir(), "store.mjs");
  const build = await rolldown({
    cwd: fileURLToPath(new URL("../..", import.meta.url)),
    input: "test/objects/whole-store.ts",
    platform: "node",
    external: /^node:/,
  });
  try {
    await build.write({ file, format: "esm" });
  } finally {
    await build.close();
  }
  return file;
}
