/** What would not be there after a power cut. */

import { renames, type Lint } from "./lint.ts";

export const durability = (): Lint => ({
  *begin(call, files) {
    if (!renames(call)) return;
    const file = files.at(call.paths[0]!);
    if (file.unsynced !== undefined) {
      yield { rule: "rename-unsynced-data", path: call.paths[0]!, call };
    }
  },

  *ack(ack, files) {
    const at = ack === undefined ? "at the end" : `ack ${JSON.stringify(ack.label)}`;
    for (const file of files.all()) {
      if (file.unsynced === undefined || !files.hasName(file)) continue;
      const path = files.pathOf(file);
      yield { rule: "ack-unsynced-data", path, call: file.unsynced, detail: at };
    }
    for (const { call, path, kind } of files.unflushed()) {
      const rule = kind === "directory" ? "new-directory-unflushed" : "ack-unsynced-entry";
      yield { rule, path, call, detail: at };
    }
  },
});
