import assert from "node:assert/strict";
import { describe, expect, it } from "vitest";
import { decide, type Decision } from "../../src/restore/decide.ts";
import { type PathState, sameContent, sameState } from "../../src/state.ts";

const file = (letter: string, mode = 0o644): PathState => ({
  kind: "file",
  sha256: letter.repeat(64),
  size: 1,
  mode,
});

const states: Readonly<Record<string, PathState>> = {
  absent: { kind: "absent" },
  a: file("a"),
  "a+x": file("a", 0o755),
  b: file("b"),
  c: file("c"),
  link: { kind: "symlink", target: "x" },
  "other link": { kind: "symlink", target: "y" },
  dir: { kind: "dir", mode: 0o755 },
  "closed dir": { kind: "dir", mode: 0o700 },
  large: { kind: "skipped", reason: "too-large" },
  refused: { kind: "failed", code: "EACCES" },
  lost: { kind: "failed", code: "ERR_CHECKPOINT_DAMAGED" },
};

const shown = (decision: Decision): string => {
  switch (decision.kind) {
    case "conflict":
      return "conflict";
    case "bring":
      return decision.action;
    case "leave":
      return [decision.ok ? "leave" : "not", decision.reason, decision.code]
        .filter((word) => word !== undefined)
        .join(" ");
  }
};

describe("what becomes of a path", () => {
  it.each([
    // target, current, lastWritten, what becomes of it
    ["a", "a", undefined, "leave"],
    ["a", "b", "b", "overwrite"],
    ["a", "b", "c", "conflict"],
    ["a", "b", undefined, "conflict"],
    ["a", "b", "absent", "conflict"],
    ["a", "absent", undefined, "create"],
    ["a", "absent", "absent", "create"],
    ["a", "absent", "b", "create"],
    ["absent", "absent", "b", "leave"],
    ["absent", "b", "b", "remove"],
    ["absent", "b", "c", "conflict"],
    ["absent", "b", undefined, "conflict"],
    ["absent", "link", "link", "remove"],
    ["absent", "link", "other link", "conflict"],
    ["absent", "dir", "dir", "remove-directory"],
    ["absent", "dir", undefined, "conflict"],
    ["absent", "large", "large", "not skipped"],
    ["a", "a+x", "a+x", "mode"],
    ["a", "a+x", "a", "mode"],
    ["a", "a+x", undefined, "leave"],
    ["a+x", "a", "b", "mode"],
    ["a+x", "a", "other link", "leave"],
    ["a", "link", "link", "overwrite"],
    ["a", "link", "a", "conflict"],
    ["a", "dir", "dir", "create"],
    ["link", "link", undefined, "leave"],
    ["link", "other link", "other link", "link"],
    ["link", "other link", undefined, "conflict"],
    ["link", "a", "a", "link"],
    ["link", "dir", "dir", "link"],
    ["link", "absent", undefined, "link"],
    ["dir", "absent", undefined, "make-directory"],
    ["dir", "a", "a", "make-directory"],
    ["dir", "a", "b", "conflict"],
    ["dir", "closed dir", "closed dir", "mode"],
    ["dir", "closed dir", undefined, "leave"],
    ["a", "refused", "a", "not failed EACCES"],
    ["absent", "refused", undefined, "not failed EACCES"],
    ["large", "a", "a", "not skipped"],
    ["refused", "a", "a", "not skipped"],
    ["lost", "a", "a", "not damaged"],
    ["lost", "absent", undefined, "not damaged"],
  ])("%s, where %s is and we wrote %s: %s", (target, current, lastWritten, becomes) => {
    const situation = {
      target: states[target]!,
      current: states[current]!,
      lastWritten: lastWritten === undefined ? undefined : states[lastWritten]!,
      filled: false,
      overwrite: false,
    };
    expect(shown(decide(situation))).toBe(becomes);
  });

  it("takes a directory for ours in which we have written", () => {
    const situation = { lastWritten: undefined, filled: true, overwrite: false };
    const { dir, absent, a } = states as Record<string, PathState>;
    const gone = decide({ ...situation, target: absent!, current: dir! });
    expect(shown(gone)).toBe("remove-directory");
    // Of a file it says nothing.
    expect(shown(decide({ ...situation, target: absent!, current: a! }))).toBe("conflict");
  });

  it("lets nothing go that is not known, in any combination", () => {
    let combinations = 0;
    for (const [name, target] of Object.entries(states)) {
      for (const current of Object.values(states)) {
        for (const lastWritten of [undefined, ...Object.values(states)]) {
          for (const filled of [false, true]) {
            for (const overwrite of [false, true]) {
              combinations++;
              const situation = { target, current, lastWritten, filled, overwrite };
              check(name, situation, decide(situation));
            }
          }
        }
      }
    }
    expect(combinations).toBe(12 * 12 * 13 * 4);
  });
});

function check(name: string, situation: Parameters<typeof decide>[0], decision: Decision): void {
  const { target, current, lastWritten, filled, overwrite } = situation;
  const said = `${name}: ${JSON.stringify(situation)}: ${shown(decision)}`;
  const unknown = [target, current].some(({ kind }) => kind === "failed" || kind === "skipped");
  if (unknown) {
    assert.ok(decision.kind === "leave" && !decision.ok, said);
  } else if (sameContent(current, target)) {
    const mends = decision.kind === "bring" && decision.action === "mode";
    assert.equal(mends || shown(decision) === "leave", true, said);
    if (sameState(current, target)) assert.equal(mends, false, said);
    if (mends) assert.equal(overwrite || lastWritten !== undefined, true, said);
  } else {
    const ours = lastWritten !== undefined && sameContent(current, lastWritten);
    const free =
      overwrite || ours || current.kind === "absent" || (current.kind === "dir" && filled);
    assert.equal(decision.kind, free ? "bring" : "conflict", said);
    const removes = shown(decision).startsWith("remove");
    assert.equal(removes, free && target.kind === "absent", said);
  }
}
