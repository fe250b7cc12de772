/** Errors of fsync and close that nobody took for what they are. */

import { renames, type Lint, type Suspicion } from "./lint.ts";
import type { TracedFile, TracedFiles } from "./traced-files.ts";
import type { TracedAck, TracedCall } from "../trace.ts";

export const failures = (): Lint => ({
  *begin(call, files) {
    if (call.name === "fsync" || call.name === "fdatasync") {
      const failed = files.of(call)?.flushFailed;
      if (failed !== undefined) {
        yield { rule: "fsync-retried", path: call.paths[0]!, call, detail: said(failed) };
      }
    }
    if (renames(call)) yield* ignored(files.at(call.paths[0]!), call, files);
  },

  *ack(ack, files) {
    for (const file of files.all()) {
      if (files.hasName(file)) yield* ignored(file, ack ?? file.failed, files);
    }
  },
});

function* ignored(
  file: TracedFile,
  call: TracedCall | TracedAck | undefined,
  files: TracedFiles,
): Iterable<Suspicion> {
  const { failed } = file;
  if (failed === undefined || call === undefined) return;
  file.failed = undefined; // once is enough
  yield { rule: "ignored-error", path: files.pathOf(file), call, detail: said(failed) };
}

const said = ({ name, error }: TracedCall): string => `${name} failed with ${error}`;
