import { Buffer, isUtf8 } from "node:buffer";
import {
  attempt,
  errorCode,
  permissionBits,
  wait,
  type FileStats,
  type Operation,
  type Steps,
} from "@holdfast/fs/steps";
import type { Root } from "@holdfast/root";
import type { ObjectStore } from "../objects/object-store.ts";
import type { PathState, SkipReason } from "../state.ts";
import { lookAtFile, lookAtRegularFile } from "./look-at-file.ts";
import { Changed, WorkspaceFailure } from "./look-failures.ts";
import type { Look, LookSettings } from "./look.ts";
import { signatureOf } from "./signature.ts";
import type { TrackedPath } from "./workspaces.ts";

/** Looks once, through the root. @throws {@link Changed}, and what the store throws */
export function* lookAtName(
  operation: Operation,
  root: Root,
  at: TrackedPath,
  objects: ObjectStore,
  settings: LookSettings,
): Steps<Look> {
  const access = { operation, root, objects, settings };
  const openedAt = Date.now();
  // A pre-image is what was there at some moment of the call. Whoever is about to replace what the name has now wants
  // to know of a file that got the name since it was opened: for them the name is looked at, too.
  const direct = settings.keep === "bytes";
  const read = direct ? yield* lookAtRegularFile(access, at.inside) : undefined;
  if (read !== undefined) {
    const { state, stats } = read;
    return { state, signature: signatureOf(stats, openedAt), missing: undefined };
  }
  const lookedAt = Date.now();
  const found = yield* attempt(lstatInRoot(root, at.inside));
  if (!found.ok) return yield* lookAtNothing(root, at, found.error);
  const stats = found.value;
  const signature = signatureOf(stats, lookedAt);
  const seen = yield* attempt(
    stats.isFile() ? lookAtFile(access, at.inside, stats) : lookAtOther(root, at.inside, stats),
  );
  if (seen.ok)
    return { state: seen.value, signature: keptWith(seen.value, signature), missing: undefined };
  if (!(seen.error instanceof WorkspaceFailure)) throw seen.error;
  const code = codeOf(seen.error.error);
  // It was there a moment ago, as something else.
  if (otherKind.has(code)) throw new Changed();
  const { error } = seen.error;
  return { state: failedOf(code), signature, missing: undefined, error };
}

/** What `lstat` has shown is not what was met a moment later. */
const otherKind: ReadonlySet<string> = new Set([
  "ENOENT",
  "ENOTDIR",
  "ELOOP",
  "EINVAL",
  "ENXIO",
  "ERR_NOT_FILE",
  "ERR_CHANGED",
  "ERR_PATH_ESCAPES",
]);

/** Of a link or a directory all is known without reading a byte: there is nothing to be saved. */
const keptWith = (state: PathState, signature: string | undefined): string | undefined =>
  state.kind === "file" || (state.kind === "skipped" && state.reason === "too-large")
    ? signature
    : undefined;

function* lookAtOther(root: Root, inside: string, stats: FileStats): Steps<PathState> {
  if (stats.isSymbolicLink()) {
    const read = yield* attempt(wait(root.readlink(inside, { encoding: "buffer" })));
    if (!read.ok) throw new WorkspaceFailure(read.error);
    // As text it could not be made again.
    if (!isUtf8(read.value)) return skipped("special");
    return { kind: "symlink", target: Buffer.from(read.value).toString("utf8") };
  }
  if (!stats.isDirectory()) return skipped("special");
  // Of directories alone: an overlay shows files with the device of the layer that they come from.
  const above = yield* attempt(lstatInRoot(root, parentOf(inside)));
  if (!above.ok) throw new WorkspaceFailure(above.error);
  if (above.value.dev !== stats.dev) return skipped("special");
  return { kind: "dir", mode: permissionBits(stats) };
}

function* lookAtNothing(root: Root, at: TrackedPath, error: unknown): Steps<Look> {
  const code = codeOf(error);
  if (code === "ERR_CHANGED") throw new Changed();
  if (code === "ERR_CLOSED") throw error;
  const told = (state: PathState): Look => ({ state, signature: undefined, missing: undefined });
  if (code === "ERR_PATH_ESCAPES") return told(skipped("outside"));
  if (!isNothing(code)) return { ...told(failedOf(code)), error };
  const state = { kind: "absent" } as const;
  return { state, signature: undefined, missing: yield* findMissing(root, at) };
}

/** The topmost directory on the way that is missing. */
function* findMissing(root: Root, { inside, path }: TrackedPath): Steps<string | undefined> {
  const start = path.slice(0, path.length - inside.length);
  let missing: string | undefined;
  for (let above = parentOf(inside); above !== "."; above = parentOf(above)) {
    const found = yield* attempt(lstatInRoot(root, above));
    if (found.ok) return missing;
    const code = codeOf(found.error);
    if (code === "ERR_CLOSED") throw found.error;
    if (!isNothing(code)) throw new Changed();
    missing = start + above;
  }
  return missing;
}

function* lstatInRoot(root: Root, inside: string): Steps<FileStats> {
  return (yield* wait(root.lstat(inside, { bigint: true }))) as FileStats;
}

function parentOf(inside: string): string {
  const end = inside.lastIndexOf("/");
  return end === -1 ? "." : inside.slice(0, end);
}

const isNothing = (code: string): boolean => code === "ENOENT" || code === "ENOTDIR";
const codeOf = (error: unknown): string => errorCode(error) ?? "UNKNOWN";
const failedOf = (code: string): PathState => ({ kind: "failed", code });
const skipped = (reason: SkipReason): PathState => ({ kind: "skipped", reason });
