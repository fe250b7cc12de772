import {
  attempt,
  errorCode,
  joinName,
  lstat,
  Refusal,
  shielded,
  wait,
  type FileSystem,
  type Offload,
  type Steps,
} from "@holdfast/fs/steps";
import { createFileAtomic } from "@holdfast/atomic";
import { readJson } from "@holdfast/json";

/** The format of a store that this program makes, and the newest that it knows. */
const storeFormat = 1;

/** Checks `format.json`, and creates it where it is missing: of several who do so at once, one does. */
export function* checkFormat(
  store: string,
  given: { readonly fileSystem: FileSystem | undefined; readonly offload: Offload | undefined },
): Steps<void> {
  const settings = { fileSystem: given.fileSystem, offload: given.offload };
  const file = joinName(store, "format.json");
  if (!(yield* isThere(file))) {
    const content = `${JSON.stringify({ format: storeFormat })}\n`;
    const created = yield* attempt(
      shielded(
        wait(
          createFileAtomic({
            ...settings,
            filePath: file,
            content,
            mode: 0o600,
            symlinks: "refuse",
          }),
        ),
      ),
    );
    if (created.ok) return;
    if (errorCode(created.error) !== "EEXIST") throw created.error;
  }
  const value = yield* wait(readJson(file, settings));
  const format: unknown = (value as { format?: unknown } | null)?.format;
  if (typeof format !== "number" || !Number.isInteger(format) || format < 1) {
    throw new Refusal("ERR_CHECKPOINT_DAMAGED", {
      problem: '"format.json" of the store does not say which format it has',
    });
  }
  if (format <= storeFormat) return;
  throw new Refusal("ERR_JSON_VERSION", {
    problem: `the store has format ${format}, and this program knows ${storeFormat}`,
    hint: "A newer version of this package has made it: open it with that.",
  });
}

function* isThere(file: string): Steps<boolean> {
  const found = yield* attempt(lstat(file));
  if (found.ok && found.value.isSymbolicLink()) {
    throw new Refusal("ERR_SYMLINK", { problem: '"format.json" of the store is a symbolic link' });
  }
  if (!found.ok && errorCode(found.error) !== "ENOENT") throw found.error;
  return found.ok;
}
