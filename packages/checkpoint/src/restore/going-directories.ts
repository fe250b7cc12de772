import { attempt, directoryOf, type Operation, type Steps, wait } from "@holdfast/fs/steps";
import type { OpenSession } from "../session/open-session.ts";
import { look } from "../workspace/look.ts";
import type { TrackedPath } from "../workspace/workspaces.ts";
import type { Planned } from "./plan.ts";

/** What decides which directories go. */
interface Emptied {
  readonly planned: readonly Planned[];
  /** Paths that are gone, or are to go. */
  readonly emptied: readonly TrackedPath[];
  /** Of a path the topmost directory on the way to it that was not there at the snapshot. */
  readonly topmost: ReadonlyMap<string, string>;
}

/**
 * The directories that go with what was in them, by path: those that were made for it. Each is an entry of its own, with its
 * mode: only so can a restore be taken back. One in which somebody else has something is none.
 */
export function* goingDirectories(
  operation: Operation,
  session: OpenSession,
  { planned, emptied, topmost }: Emptied,
): Steps<ReadonlyMap<string, Planned>> {
  const goes = new Set(
    planned.filter(({ entry }) => entry.to.kind === "absent").map(({ entry }) => entry.path),
  );
  const candidates = new Map<string, TrackedPath>();
  for (const at of emptied) {
    for (const directory of directoriesUpTo(at, topmost.get(at.path)!)) {
      if (!goes.has(directory.path)) candidates.set(directory.path, directory);
    }
  }
  // The innermost first: what is in a directory goes before it.
  const inner = [...candidates.values()].toSorted((a, b) => b.path.length - a.path.length);
  const going = new Map<string, Planned>();
  for (const at of inner) {
    const one = yield* goingDirectory(operation, session, at, goes);
    if (one === undefined) continue;
    going.set(at.path, one);
    goes.add(at.path);
  }
  return going;
}

/** The directory of a path and those above it, as far as the topmost one that goes. */
function directoriesUpTo(path: TrackedPath, topmost: string): TrackedPath[] {
  const directories: TrackedPath[] = [];
  let at = directoryAbove(path);
  while (at.inside !== "." && (at.path === topmost || at.path.startsWith(`${topmost}/`))) {
    directories.push(at);
    at = directoryAbove(at);
  }
  return directories;
}

const directoryAbove = ({ path, key, inside, workspace }: TrackedPath): TrackedPath => ({
  path: directoryOf(path),
  key: directoryOf(key),
  inside: directoryOf(inside),
  workspace,
});

function* goingDirectory(
  operation: Operation,
  { objects, request }: OpenSession,
  at: TrackedPath,
  goes: ReadonlySet<string>,
): Steps<Planned | undefined> {
  const { maxFileBytes } = request.limits;
  const { state } = yield* look(operation, at, objects, { keep: "hash", maxFileBytes });
  if (state.kind !== "dir") return undefined;
  const { root } = yield* at.workspace.open();
  const names = yield* attempt(wait(root.readdir(at.inside, { symlinks: "refuse" })));
  // One that nobody may read is tried: it goes only if it is empty.
  if (names.ok && !names.value.every((name) => goes.has(`${at.path}/${name}`))) return undefined;
  const { path, key } = at;
  const entry = {
    path,
    ...(key !== path && { key }),
    from: state,
    to: { kind: "absent" },
    created: path,
  } as const;
  return { at, entry, action: "remove-directory", merged: undefined };
}
