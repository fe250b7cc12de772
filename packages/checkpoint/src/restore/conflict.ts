import { createHash } from "node:crypto";
import { Buffer } from "node:buffer";
import {
  currentUmask,
  HoldfastError,
  invalidType,
  isAborted,
  Operation,
  Refusal,
  runAsync,
  type Steps,
  wait,
} from "@holdfast/fs/steps";
import type { Conflict, MergeAnswer } from "../options.ts";
import type { RestoreAction } from "../results.ts";
import type { OpenSession } from "../session/open-session.ts";
import { insideHook } from "../tracking/inside-hook.ts";
import { type PathState, sameContent } from "../state.ts";
import type { TrackedPath } from "../workspace/workspaces.ts";
import { actionOf, type Decision, decide, type Situation } from "./decide.ts";

/** What becomes of a path, after everybody was asked. */
export type Answered =
  | Extract<Decision, { kind: "leave" }>
  | {
      readonly kind: "bring";
      readonly action: RestoreAction;
      readonly to: PathState;
      readonly merged: Uint8Array | undefined;
    };

/** A question about one path. */
export interface Question {
  readonly at: TrackedPath;
  readonly situation: Situation;
  readonly ask: (conflict: Conflict) => MergeAnswer | PromiseLike<MergeAnswer>;
  readonly snapshot: string;
}

/** Asks the caller what becomes of a path that somebody else has changed. */
export function* askAbout(
  operation: Operation,
  session: OpenSession,
  question: Question,
): Steps<Answered> {
  const { at, situation } = question;
  const answer = yield* askCaller(operation, session, question);
  if (answer === "skip") return { kind: "leave", ok: false, reason: "conflict", code: undefined };
  if (answer === "overwrite") {
    const decision = decide({ ...situation, overwrite: true });
    if (decision.kind === "bring") return { ...decision, to: situation.target, merged: undefined };
    return { kind: "leave", ok: false, reason: "conflict", code: undefined };
  }
  const merged = readContent(operation.op, answer);
  const { maxFileBytes } = session.request.limits;
  if (merged.byteLength > maxFileBytes) {
    const problem = `what was merged for ${JSON.stringify(at.path)} is more than limits.maxFileBytes`;
    throw new Refusal("ERR_TOO_LARGE", { problem });
  }
  const to = mergedState(merged, situation);
  if (sameContent(situation.current, to)) {
    return { kind: "leave", ok: true, reason: undefined, code: undefined };
  }
  return { kind: "bring", action: actionOf(situation.current, to), to, merged };
}

function* askCaller(
  operation: Operation,
  session: OpenSession,
  { at, situation, ask }: Question,
): Steps<MergeAnswer> {
  const { current, target, lastWritten } = situation;
  const read = async (of: "current" | "target"): Promise<Uint8Array | undefined> =>
    of === "target"
      ? await readTarget(operation, session, target)
      : await readCurrent(operation, session, at, current);
  try {
    const conflict = { path: at.path, current, target, lastWritten, read };
    return yield* wait(insideHook(session, () => ask(conflict)));
  } catch (error) {
    if (isAborted(error)) throw error;
    throw new Refusal("ERR_HOOK", { problem: '"onConflict" threw: see "cause"', cause: error });
  }
}

function readContent(op: string, answer: unknown): Uint8Array {
  const { content } = (answer ?? {}) as { content?: unknown };
  if (typeof content === "string") return Buffer.from(content);
  // Copied: the caller may go on using its buffer.
  if (content instanceof Uint8Array) return Uint8Array.from(content);
  const wanted = 'a function that answers "skip", "overwrite" or { content: string | Uint8Array }';
  throw invalidType(op, "onConflict", wanted, answer);
}

function mergedState(bytes: Uint8Array, { current, target }: Situation): PathState {
  const like = [current, target].find((state) => state.kind === "file");
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const mode = like?.mode ?? 0o666 & ~currentUmask();
  return { kind: "file", sha256, size: bytes.byteLength, mode };
}

async function readTarget(
  { op, fileSystem }: Operation,
  { objects }: OpenSession,
  state: PathState,
): Promise<Uint8Array | undefined> {
  if (state.kind !== "file") return undefined;
  const operation = new Operation({ op, fileSystem });
  const { sha256, size } = state;
  const bytes = await runAsync(objects.readWhole(operation, sha256, size), operation);
  if (bytes !== undefined) return bytes;
  throw new HoldfastError({ code: "ERR_CHECKPOINT_DAMAGED", op, effect: "none" });
}

async function readCurrent(
  { op, fileSystem }: Operation,
  { request }: OpenSession,
  at: TrackedPath,
  state: PathState,
): Promise<Uint8Array | undefined> {
  if (state.kind !== "file") return undefined;
  const operation = new Operation({ op, path: at.path, fileSystem });
  const reading = function* (): Steps<Uint8Array> {
    const { root } = yield* at.workspace.open();
    const { maxFileBytes: maxReadBytes } = request.limits;
    const bytes = yield* wait(root.readFile(at.inside, { maxReadBytes, symlinks: "refuse" }));
    if (createHash("sha256").update(bytes).digest("hex") === state.sha256) return bytes;
    throw new Refusal("ERR_CHANGED");
  };
  return await runAsync(reading(), operation);
}
