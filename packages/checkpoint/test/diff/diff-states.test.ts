import { join } from "node:path";
import { expect, it } from "vitest";
import { tempDir } from "../../../atomic/test/support/temp-dir.ts";
import { diffStates, storedSide, type Side } from "../../src/diff/diff-states.ts";
import { openObjects } from "../../src/objects/object-store.ts";
import type { PathDiff } from "../../src/results.ts";
import type { PathState } from "../../src/state.ts";
import { run, sha256Of, someBytes } from "../objects/run.ts";

const absent: PathState = { kind: "absent" };

/** A file that is at hand. */
function file(content: string | Uint8Array, mode = 0o644): Side {
  const bytes = Buffer.from(content as string);
  const state = { kind: "file", sha256: sha256Of(bytes), size: bytes.length, mode } as const;
  return {
    state,
    // oxlint-disable-next-line require-yield -- there is nothing to be waited for
    *read(maxBytes) {
      return bytes.length > maxBytes ? undefined : bytes;
    },
  };
}

const other = (state: PathState): Side => ({
  state,
  read() {
    throw new Error("there are no bytes to be read");
  },
});

const diff = (from: Side, to: Side): Promise<PathDiff | undefined> =>
  run((operation) => diffStates(operation, "/p", from, to));

const plain = { path: "/p", lines: undefined, binary: false, oversize: false };

it("nothing where nothing differs", async () => {
  expect(await diff(file("a"), file("a"))).toBeUndefined();
  expect(await diff(other(absent), other(absent))).toBeUndefined();
  const link = { kind: "symlink", target: "t" } as const;
  expect(await diff(other(link), other({ ...link }))).toBeUndefined();
});

it("a file that comes, goes, or changes, with its lines", async () => {
  expect(await diff(other(absent), file("a\nb\n"))).toEqual({
    ...plain,
    change: "added",
    from: absent,
    to: file("a\nb\n").state,
    lines: { added: 2, removed: 0 },
  });
  expect(await diff(file("a\nb\n"), other(absent))).toMatchObject({
    change: "removed",
    lines: { added: 0, removed: 2 },
  });
  expect(await diff(file("a\nb\n"), file("a\nc\nd\n"))).toMatchObject({
    ...plain,
    change: "modified",
    lines: { added: 2, removed: 1 },
  });
  expect(await diff(other(absent), file(""))).toMatchObject({
    change: "added",
    lines: { added: 0, removed: 0 },
  });
});

it("the mode alone: nothing is read", async () => {
  const from = other(file("a", 0o644).state);
  const to = other(file("a", 0o755).state);
  expect(await diff(from, to)).toEqual({
    ...plain,
    change: "mode",
    from: from.state,
    to: to.state,
  });
  const [one, two] = [0o700, 0o755].map((mode) => other({ kind: "dir", mode }));
  expect(await diff(one!, two!)).toMatchObject({ change: "mode" });
});

it("links, directories, and what becomes something else: no lines, and nothing is read", async () => {
  const states: PathState[] = [
    absent,
    { kind: "symlink", target: "a" },
    { kind: "symlink", target: "b" },
    { kind: "dir", mode: 0o755 },
  ];
  const sides = [...states.map(other), other(file("a").state)];
  for (const from of sides) {
    for (const to of sides) {
      const kinds = [from.state.kind, to.state.kind];
      if (from === to || (kinds.includes("file") && kinds.includes("absent"))) continue;
      const change =
        kinds[0] === "absent" ? "added" : kinds[1] === "absent" ? "removed" : "modified";
      expect(await diff(from, to)).toEqual({ ...plain, change, from: from.state, to: to.state });
    }
  }
});

it.each([
  { what: "a NUL", bytes: Buffer.from("a\0b\n") },
  { what: "no UTF-8", bytes: Buffer.from([0x61, 0xff, 0x0a]) },
])("binary on either side: $what", async ({ bytes }) => {
  const binary = { lines: undefined, binary: true, oversize: false };
  expect(await diff(file("text\n"), file(bytes))).toMatchObject({ change: "modified", ...binary });
  expect(await diff(file(bytes), file("text\n"))).toMatchObject({ change: "modified", ...binary });
  expect(await diff(file(bytes), other(absent))).toMatchObject({ change: "removed", ...binary });
});

it("two files that are no text and differ are two", async () => {
  const [one, two] = [0xfe, 0xff].map((byte) => file(Buffer.from([byte])));
  expect(await diff(one!, two!)).toMatchObject({ change: "modified", binary: true });
});

it("what is too long is not compared, nor read", async () => {
  const long = other(file(Buffer.alloc(1024 * 1024 + 1, "a\n")).state);
  expect(await diff(file("a"), long)).toMatchObject({
    change: "modified",
    lines: undefined,
    oversize: true,
  });
  const just = Buffer.alloc(1024 * 1024, "a\n");
  expect(await diff(other(absent), file(just))).toMatchObject({
    lines: { added: 512 * 1024, removed: 0 },
    oversize: false,
  });
});

it("too many lines that moved", async () => {
  const lines = Array.from({ length: 10_000 }, (_, n) => `${n}\n`);
  const moved = await diff(file(lines.join("")), file(lines.toReversed().join("")));
  expect(moved).toMatchObject({ change: "modified", lines: undefined, oversize: true });
});

it("of what was not kept nothing is known", async () => {
  const tooLarge = other({ kind: "skipped", reason: "too-large" });
  const failed = other({ kind: "failed", code: "EACCES" });
  const from = other(file("a").state);
  expect(await diff(from, tooLarge)).toMatchObject({ change: "unknown", oversize: true });
  expect(await diff(tooLarge, tooLarge)).toMatchObject({ change: "unknown", oversize: true });
  expect(await diff(failed, from)).toMatchObject({ change: "unknown", oversize: false });
  expect(await diff(failed, other(absent))).toMatchObject({ change: "unknown" });
});

it("bytes that are lost: it differs, and no more can be said", async () => {
  const objects = openObjects(join(tempDir(), "objects"));
  const { sha256 } = await run((operation) => objects.putBytes(operation, Buffer.from("a\n")));
  const kept = { kind: "file", sha256, size: 2, mode: 0o644 } as const;
  const lost = { ...kept, sha256: sha256Of("lost") };
  const counted = await run((operation) =>
    diffStates(
      operation,
      "/p",
      storedSide(operation, objects, absent),
      storedSide(operation, objects, kept),
    ),
  );
  expect(counted).toMatchObject({ lines: { added: 1, removed: 0 } });
  const unknown = await run((operation) =>
    diffStates(
      operation,
      "/p",
      storedSide(operation, objects, kept),
      storedSide(operation, objects, lost),
    ),
  );
  expect(unknown).toEqual({ ...plain, change: "modified", from: kept, to: lost });
});

it("a side that is kept gives no more than it is asked for", async () => {
  const objects = openObjects(join(tempDir(), "objects"));
  const bytes = someBytes(100);
  const { sha256 } = await run((operation) => objects.putBytes(operation, bytes));
  const state = { kind: "file", sha256, size: 100, mode: 0o644 } as const;
  const read = (most: number): Promise<Uint8Array | undefined> =>
    run((operation) => storedSide(operation, objects, state).read(most));
  expect(await read(100)).toEqual(bytes);
  expect(await read(99)).toBeUndefined();
});
