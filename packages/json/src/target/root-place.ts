import type { ReplaceFileReceipt } from "@holdfast/atomic";
import {
  attempt,
  commitPoint,
  errorCode,
  type FileSystem,
  invalidCombination,
  isHoldfastError,
  lstat,
  type Operation,
  readBoolean,
  readMode,
  Refusal,
  shielded,
  type Steps,
  unlink,
  wait,
} from "@holdfast/fs/steps";
import type { FileSettings } from "../document/options.ts";
import { FilePlace } from "./file-place.ts";
import type { PlaceSettings } from "./place.ts";
import type { RootLike, RootSyncLike } from "./target.ts";

/** What a root decides for itself. */
const decidedByRoot: readonly (keyof FileSettings)[] = [
  ...(["dirMode", "symlinks", "hardlinks", "ownership", "readonly", "inPlaceFallback"] as const),
];

/** A file in a root: read and locked through the port that the root is, replaced by the root itself. */
export class RootPlace extends FilePlace {
  private readonly root: RootLike | RootSyncLike;

  constructor(
    path: string,
    root: RootLike | RootSyncLike,
    port: FileSystem | undefined,
    half: "async" | "sync",
    settings: PlaceSettings,
    isSibling = false,
  ) {
    super(path, path, port, half, settings, isSibling);
    this.root = root;
  }

  sibling(suffix: string): RootPlace {
    const { path, root, fileSystem, half, settings } = this;
    return new RootPlace(path + suffix, root, fileSystem, half, settings, true);
  }

  checkSettings(op: string, settings: FileSettings): void {
    for (const name of decidedByRoot) {
      if (settings[name] !== undefined) {
        throw invalidCombination(op, `"${name}" is for the root to say, not for a call in it`);
      }
    }
    readMode(op, "mode", settings.mode);
    readBoolean(op, "durable", settings.durable, true);
  }

  *replace(
    operation: Operation,
    content: Uint8Array,
    { mode, durable }: FileSettings,
  ): Steps<ReplaceFileReceipt> {
    // `create`: as `replaceFileAtomic`, which makes missing parent directories.
    const options = { mode, durable, create: true };
    if (this.isSibling) yield* removeLink(this.path);
    let receipt: unknown;
    try {
      receipt = yield* this.write(operation, content, options);
    } catch (error) {
      throw retold(operation, error);
    }
    operation.effect = "complete";
    yield* commitPoint();
    return receipt as ReplaceFileReceipt;
  }

  private *write(operation: Operation, content: Uint8Array, options: object): Steps<unknown> {
    const { root, path } = this;
    if ("writeFileSync" in root) return root.writeFileSync(path, content, options);
    const { signal } = operation;
    // The root looks at the signal itself, and knows when it comes too late.
    return yield* shielded(wait(root.writeFile(path, content, { ...options, signal })));
  }
}

/** A root follows links that stay inside it, also to write. */
function* removeLink(path: string): Steps<void> {
  const found = yield* attempt(lstat(path));
  if (!found.ok || !found.value.isSymbolicLink()) return;
  const removed = yield* attempt(unlink(path));
  if (!removed.ok && errorCode(removed.error) !== "ENOENT") throw removed.error;
}

/** What the root says of its own call is what there is to say of ours. */
function retold(operation: Operation, error: unknown): unknown {
  if (!isHoldfastError(error)) return error;
  operation.effect = error.effect;
  operation.leftovers.push(...error.leftovers);
  return errorCode(error) === "ABORT_ERR"
    ? new Refusal("ABORT_ERR", { cause: error.cause })
    : error;
}
