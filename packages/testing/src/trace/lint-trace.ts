import { invalidRange, invalidType } from "@holdfast/fs/steps";
import { requireKnown } from "../scenario/known-options.ts";
import { formatCaller, formatEntry } from "./format-entry.ts";
import { lintRuleNames, lintRules, type LintRule } from "./lint-rules.ts";
import { durability } from "./lints/durability.ts";
import { failures } from "./lints/failures.ts";
import type { Lint, Suspicion } from "./lints/lint.ts";
import { overwriting } from "./lints/overwriting.ts";
import { races } from "./lints/races.ts";
import { removal } from "./lints/removal.ts";
import { replacement } from "./lints/replacement.ts";
import { staging } from "./lints/staging.ts";
import { TracedFiles } from "./lints/traced-files.ts";
import { StableNames } from "./stable-names.ts";
import type { Trace } from "./trace.ts";

export interface LintOptions {
  /** Rules that are not wanted. Default: none. */
  readonly off?: readonly LintRule[];
  /**
   * What the end of the trace means. `"open"`: the program may go on. `"acknowledged"`: it has told
   * somebody that all of it is done. Default: `"open"`.
   */
  readonly end?: "open" | "acknowledged";
  /** Paths that need not survive a crash and are not judged: locks, caches. Absolute. Default: none. */
  readonly ignore?: (path: string) => boolean;
}

export interface LintFinding {
  readonly rule: LintRule;
  /** `"state.json gets its new name before its data is on disk"` */
  readonly message: string;
  /** The call that is to blame, as the trace shows it. */
  readonly call: string;
  /** `"src/save.ts:12:9"`, from where the program runs, as in `lines({ callers: true })`. */
  readonly caller: string | undefined;
  /** What happens because of it, and what to do instead. */
  readonly hint: string;
}

/**
 * What is wrong with a program, judged by one run of it: nothing is explored, so what it finds is
 * certain to have happened, and what it does not find may still be wrong.
 *
 * | rule | reported |
 * |---|---|
 * | `rename-unsynced-data` | a rename or link of a file with data that no fsync has covered |
 * | `ack-unsynced-data` | an acknowledgement while written data is not on disk |
 * | `ack-unsynced-entry` | an acknowledgement while a directory entry is not on disk |
 * | `new-directory-unflushed` | an acknowledgement while a new directory is not flushed into its parent |
 * | `fsync-retried` | an fsync of a file whose fsync failed before |
 * | `ignored-error` | a rename or an acknowledgement of a file whose fsync or close failed |
 * | `name-gone` | a name that had content removed or renamed away, before a new file is put there |
 * | `in-place-overwrite` | an acknowledgement after content was written over, not appended |
 * | `check-then-use` | stat, lstat or access of a path, then a use of it without O_EXCL or O_NOFOLLOW |
 * | `staged-not-exclusive` | a file opened without O_EXCL and renamed or linked to another name |
 * | `staged-elsewhere` | a staged file in another directory than its target |
 * | `unlink-foreign` | an unlink of a lock or a staged file, by its name, that the program did not create |
 *
 * Acknowledgements are `trace.ack("saved")`, and the end of the trace if `end` says so.
 *
 * A lock is no content: `name-gone` does not mean a name that is removed for good, and none that is made
 * again with O_EXCL, `link` or `symlink` if it is called `lock`, `x.lock` or `x.pid`, is empty, is
 * removed again, or was made by the program in the same way before. Other locks go to `ignore`.
 * `in-place-overwrite` means what was there when the trace began or at the acknowledgement before: a
 * file may be written as often as one likes before anybody is told of it, and may be emptied or cut.
 *
 * @returns the findings, the earliest first: what is wrong at a call stands at that call, what is wrong
 *   because of an acknowledgement stands there
 * @throws `RangeError` (`ERR_INVALID_ARG`) for a rule in `off` that there is none of
 */
export function lintTrace(trace: Trace, options: LintOptions = {}): LintFinding[] {
  requireKnown("lintTrace", options, ["off", "end", "ignore"]);
  const { off = [], end = "open", ignore = () => false } = options;
  checkOptions(trace, off, end);
  const entries = trace.entries;
  const names = new StableNames(entries);
  return suspicionsIn(trace, end === "acknowledged")
    .filter(({ rule, path }) => !off.includes(rule) && !ignore(path))
    .map(({ rule, path, call, detail }) => ({
      rule,
      message: `${names.show(path)} ${lintRules[rule].problem}${detail === undefined ? "" : ` (${detail})`}`,
      call: formatEntry(call, names),
      caller: call.caller === undefined ? undefined : formatCaller(call.caller),
      hint: lintRules[rule].hint,
    }));
}

function suspicionsIn(trace: Trace, endAcknowledges: boolean): Suspicion[] {
  const files = new TracedFiles();
  const lints: readonly Lint[] = [
    durability(),
    failures(),
    staging(),
    replacement(),
    overwriting(),
    races(),
    removal(),
  ];
  const order = new Map(trace.entries.map((entry, index) => [entry, index] as const));
  const found: { readonly suspicion: Suspicion; readonly at: number }[] = [];
  const note = (suspicions: Iterable<Suspicion> = [], at?: number): void => {
    for (const suspicion of suspicions) {
      found.push({ suspicion, at: at ?? order.get(suspicion.call)! });
    }
  };
  for (const { at, entry } of trace.events) {
    for (const lint of lints) {
      if (entry.kind === "ack") note(lint.ack?.(entry, files), order.get(entry));
      else note(lint[at]?.(entry, files));
    }
    if (entry.kind === "call") files[at](entry);
  }
  for (const lint of lints) {
    if (endAcknowledges) note(lint.ack?.(undefined, files), order.size);
  }
  for (const lint of lints) note(lint.finish?.(files));
  const inOrder = found.toSorted(
    (one, other) =>
      one.at - other.at || order.get(one.suspicion.call)! - order.get(other.suspicion.call)!,
  );
  return once(inOrder.map(({ suspicion }) => suspicion));
}

/** The same call is to blame for the same thing at each acknowledgement: said once. */
function once(found: readonly Suspicion[]): Suspicion[] {
  const seen = new Map<object, Set<string>>();
  return found.filter(({ rule, path, call }) => {
    const known = seen.get(call) ?? new Set();
    seen.set(call, known);
    const key = `${rule} ${path}`;
    return !known.has(key) && known.add(key);
  });
}

function checkOptions(trace: Trace, off: readonly LintRule[], end: string): void {
  if (typeof trace !== "object" || trace === null || !Array.isArray(trace.events)) {
    throw invalidType("lintTrace", "trace", "what traceFileSystem returned", trace);
  }
  for (const rule of off) {
    if (!lintRuleNames.includes(rule)) {
      throw invalidRange("lintTrace", "off", `some of ${lintRuleNames.join(", ")}`, rule);
    }
  }
  if (end !== "open" && end !== "acknowledged") {
    throw invalidRange("lintTrace", "end", '"open" or "acknowledged"', end);
  }
}
