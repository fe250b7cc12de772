import fc from "fast-check";
import { nameFromBytes } from "../../src/memory/names.ts";
import type { TreeEntry } from "../../src/tree/tree-entry.ts";
import { parentsOf } from "../../src/tree/tree-language.ts";

// Names with what the language itself is made of, what cannot be seen, and what is not UTF-8.
const special = [
  " ",
  "=",
  "=>",
  '"',
  "\\",
  "\n",
  " 0644",
  "(other)",
  " (other)",
  "base64:",
  "0755",
];
const piece = fc.oneof(
  fc.constantFrom("a", "b", "ab", ...special),
  fc.string({ unit: "grapheme", maxLength: 3 }),
  fc.uint8Array({ minLength: 1, maxLength: 3 }).map((raw) => nameFromBytes(raw)),
);
const text = fc.array(piece, { minLength: 1, maxLength: 4 }).map((pieces) =>
  // Pieces that are not UTF-8 by themselves may be together.
  nameFromString(pieces.join("")),
);

function nameFromString(joined: string): string {
  return nameFromBytes(Buffer.from(joined.replaceAll(/\p{Surrogate}/gu, "?"), "utf8"));
}

const rawText = fc.uint8Array({ minLength: 1, maxLength: 6 }).map((raw) => nameFromBytes(raw));
const anyText = fc.oneof({ weight: 4, arbitrary: text }, { weight: 1, arbitrary: rawText });

const name = anyText
  .map((any) => any.replaceAll(/[/\0]/g, "_"))
  .filter((any) => any !== "" && any !== "." && any !== "..");
const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join("/"));
const target = anyText.map((any) => any.replaceAll("\0", "_")).filter((any) => any !== "");

const content = fc.oneof(
  text.map((any) => new Uint8Array(Buffer.from(any))),
  fc.uint8Array({ maxLength: 20 }),
  fc.nat(50).map((length) => new Uint8Array(length)),
);

// What everybody who may list a directory can read back.
const fileMode = fc.constantFrom(0o644, 0o600, 0o755, 0o444, 0o4755, 0o640);
const directoryMode = fc.constantFrom(0o755, 0o700, 0o500, 0o1777, 0o2775);

const entry: fc.Arbitrary<TreeEntry> = fc.oneof(
  fc.record({ type: fc.constant("directory" as const), path, mode: directoryMode }),
  fc.record({ type: fc.constant("file" as const), path, mode: fileMode, content }),
  fc.record({ type: fc.constant("symlink" as const), path, target }),
);

/** Entries that can be in one directory: no path twice, nothing inside of a file. */
export const treeEntries: fc.Arbitrary<TreeEntry[]> = fc
  .array(entry, { maxLength: 8 })
  .map((entries) => {
    const types = new Map<string, TreeEntry["type"]>();
    const inner = new Set<string>();
    return entries.filter((one) => {
      const parents = parentsOf(one.path);
      const clash =
        types.has(one.path) ||
        (one.type !== "directory" && inner.has(one.path)) ||
        parents.some((parent) => (types.get(parent) ?? "directory") !== "directory");
      if (clash) return false;
      types.set(one.path, one.type);
      for (const parent of parents) inner.add(parent);
      return true;
    });
  });
