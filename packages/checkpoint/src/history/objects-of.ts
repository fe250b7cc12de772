import type { JournalEntry } from "../journal/records.ts";
import type { PathState } from "../state.ts";

/** SHA-256 of the objects that records refer to; not of `wrote` and `end`, whose bytes are not kept for them. */
export function objectsOf(entries: Iterable<JournalEntry>): Set<string> {
  return new Set(sizesOf(entries).keys());
}

/** The same with the size of each, in bytes. */
export function sizesOf(entries: Iterable<JournalEntry>): Map<string, number> {
  const sizes = new Map<string, number>();
  const add = (state: PathState): void => {
    if (state.kind === "file") sizes.set(state.sha256, state.size);
  };
  for (const entry of entries) {
    if (entry.type === "look") {
      add(entry.state);
    } else if (entry.type === "begin") {
      for (const { from, to } of entry.entries) {
        add(from);
        add(to);
      }
    }
  }
  return sizes;
}
