/** How a new version is prepared, and how it takes the place of the old one. */

import { dirname } from "node:path";
import { O_APPEND, O_CREAT, O_EXCL } from "../../calls/constants.ts";
import type { TracedCall } from "../trace.ts";
import { renames, type Lint } from "./lint.ts";

export function staging(): Lint {
  /** What was taken away since the last acknowledgement and was not the program's own staged file. */
  const gone = new Map<string, TracedCall>();
  return {
    *begin(call, files) {
      if (!renames(call)) return;
      const [from, to] = call.paths as [string, string];
      const { made, firstPath } = files.at(from);
      // Only a file that still has the name it was made with is on its way to another one.
      if (made?.name !== "open" || firstPath !== from) return;
      if (((made.args[1] as number) & O_EXCL) === 0) {
        yield { rule: "staged-not-exclusive", path: from, call: made };
      }
      if (dirname(from) !== dirname(to)) yield { rule: "staged-elsewhere", path: from, call };
    },

    *end(call, files) {
      if (call.error !== undefined) return;
      const path = arrivesAt(call);
      const taken = path === undefined ? undefined : gone.get(path);
      if (path !== undefined && taken !== undefined) {
        gone.delete(path);
        yield { rule: "name-gone", path, call: taken };
      }
      if (call.name === "unlink" || call.name === "rename") {
        const from = call.paths[0]!;
        const { made, firstPath } = files.at(from);
        // What was made under this very name is staged, or a lock: nobody misses it.
        if (made === undefined || firstPath !== from) gone.set(from, call);
      }
    },

    ack() {
      gone.clear(); // removed, and said so: what comes later is something new
      return [];
    },
  };
}

/** Where a new version is put. A lock, which link or O_EXCL makes, is none, and a log is none. */
function arrivesAt(call: TracedCall): string | undefined {
  if (call.name === "rename") return call.paths[1];
  if (call.name !== "open") return undefined;
  const flags = call.args[1] as number;
  return (flags & (O_CREAT | O_EXCL | O_APPEND)) === O_CREAT ? call.paths[0] : undefined;
}
