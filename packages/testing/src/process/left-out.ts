/** What a program started, and a sweep did not disturb. */

import type { JournalEntry } from "./control.ts";

type Entry<Kind extends JournalEntry["kind"]> = Extract<JournalEntry, { kind: Kind }>;

/**
 * Lines for the limits of a report; none if all that changed something was the one process.
 *
 * @param program the process that was swept; `undefined` if none made a call that counts: then
 *   whatever was started could have been it
 */
export function leftOut(journal: readonly JournalEntry[], program: number | undefined): string[] {
  const belongs = program === undefined ? () => true : familyOf(program, journal);
  const lines = new Set<string>();
  for (const { pid } of ofKind(journal, "thread")) {
    if (belongs(pid)) lines.add("worker threads of the program are neither seen nor disturbed");
  }
  for (const name of unseenChildren(journal, belongs)) {
    lines.add(`what the program started is neither seen nor disturbed: ${name}`);
  }
  if (ofKind(journal, "elsewhere").length > 0) {
    lines.add("more than one process made calls that count, and only the first was disturbed");
  }
  return [...lines];
}

function ofKind<Kind extends JournalEntry["kind"]>(
  journal: readonly JournalEntry[],
  kind: Kind,
): Entry<Kind>[] {
  return journal.filter((entry): entry is Entry<Kind> => entry.kind === kind);
}

/** The program and what it started, and what that started: not the launcher above it. */
function familyOf(program: number, journal: readonly JournalEntry[]): (pid: number) => boolean {
  const family = new Set([program]);
  // A Set's iterator also visits what is added on the way.
  for (const parent of family) {
    for (const { pid, ppid } of ofKind(journal, "started")) if (ppid === parent) family.add(pid);
    for (const { by, pid } of ofKind(journal, "child")) {
      if (by === parent && pid !== undefined) family.add(pid);
    }
  }
  return (pid) => family.has(pid);
}

/**
 * Those that have not loaded the preload module: they are no Node, or did not get the environment.
 * Those that have would have said what they did.
 */
function unseenChildren(
  journal: readonly JournalEntry[],
  belongs: (pid: number) => boolean,
): string[] {
  const children = ofKind(journal, "child").filter(({ by }) => belongs(by));
  const started = ofKind(journal, "started");
  const named = new Set(children.map(({ pid }) => pid));
  // `execSync` does not say which process it started: each is matched with one of whom nobody did.
  const anonymous = started.filter(({ pid }) => !named.has(pid)).map(({ ppid }) => ppid);
  const wasSeen = ({ by, pid }: Entry<"child">): boolean => {
    if (pid !== undefined) return started.some((other) => other.pid === pid);
    const at = anonymous.indexOf(by);
    if (at !== -1) anonymous.splice(at, 1);
    return at !== -1;
  };
  return children.filter((child) => !wasSeen(child)).map(({ name }) => name);
}
