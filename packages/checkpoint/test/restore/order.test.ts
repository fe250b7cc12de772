import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sideNames, trashName } from "../../src/restore/names.ts";
import { inOrder } from "../../src/restore/order.ts";
import type { PathState } from "../../src/state.ts";

const absent: PathState = { kind: "absent" };
const dir: PathState = { kind: "dir", mode: 0o755 };

describe("the order of a restore", () => {
  it("empties directories before they go, and makes them before they are filled", () => {
    const goals = [
      { path: "/w/new/x", to: dir },
      { path: "/w/old", to: absent },
      { path: "/w/old/a/b", to: absent },
      { path: "/w/new", to: dir },
      { path: "/w/old/a", to: absent },
      { path: "/w/new-er", to: dir },
    ];
    expect(inOrder(goals).map(({ path }) => path)).toEqual([
      "/w/old/a/b",
      "/w/old/a",
      "/w/old",
      "/w/new",
      "/w/new-er",
      "/w/new/x",
    ]);
  });

  it("does not depend on the order in which the paths come", () => {
    const name = fc.constantFrom("a", "b", "a.b", "é");
    const goal = fc.record({
      path: fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => `/${names.join("/")}`),
      to: fc.constantFrom(absent, dir),
    });
    const goals = fc.uniqueArray(goal, { selector: ({ path }) => path });
    fc.assert(
      fc.property(goals, (all) => {
        const order = inOrder(all);
        expect(inOrder(all.toReversed())).toEqual(order);
        for (const [at, { path, to }] of order.entries()) {
          for (const later of order.slice(at + 1)) {
            if (later.path.startsWith(`${path}/`))
              expect(to === absent && later.to === absent).toBe(false);
            if (path.startsWith(`${later.path}/`)) expect(to).toBe(absent);
          }
        }
      }),
    );
  });
});

describe("names of a restore", () => {
  it("are different for each entry and purpose", () => {
    const restore = "f".repeat(32);
    const names = [0, 1, 10_000].flatMap((index) => Object.values(sideNames(restore, index)));
    expect(new Set(names).size).toBe(6);
    for (const name of names) expect(Buffer.byteLength(name)).toBeLessThanOrEqual(255);
  });

  it("in the trash begin with a number, and are cut between two characters where they are too long", () => {
    expect(trashName(3, "notes.txt", 0)).toBe("3-notes.txt");
    expect(trashName(3, "notes.txt", 2)).toBe("3.2-notes.txt");
    expect(trashName(12, "x".repeat(255), 0)).toBe(`12-${"x".repeat(252)}`);
    const long = trashName(1, "😀".repeat(63) + "abc", 0);
    expect(Buffer.byteLength(long)).toBeLessThanOrEqual(255);
    expect(long).toBe(`1-${"😀".repeat(63)}a`);
  });
});
