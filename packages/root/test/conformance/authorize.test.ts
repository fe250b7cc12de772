import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { needs } from "../../../atomic/test/support/needs.ts";
import { tmpfsParent, unownedTempDir } from "../../../atomic/test/support/temp-dir.ts";
import type { AuthorizeEvent } from "../../src/index.ts";
import { assertNothingWrong } from "../support/assert-nothing-wrong.ts";
import { Bench, sameLines } from "../support/bench.ts";
import { leadsFixture, names } from "../support/leads.ts";
import { free, other, pathMethods, type PathMethod } from "../support/methods.ts";
import { changes } from "../support/what-changes.ts";
import { guards } from "../support/sides.ts";

let parent: { path: string; remove: () => void };

beforeAll(() => {
  parent = unownedTempDir(tmpfsParent());
});
afterAll(() => {
  parent.remove();
});

/** Which places `authorize` is asked about, in their order; paths are given through a link. */
function placesOf(method: PathMethod): readonly string[] {
  const place = `in/${names[method.target]}`;
  switch (method.name) {
    case "copyFile from":
    case "cp from":
      return [free];
    case "cp recursive from":
      return [free, `${free}/inner-entry`];
    case "cp recursive to":
      return [place, `${place}/kept`];
    case "rename from":
      return [place, free];
    case "link from":
      return [place, free];
    case "link to":
    case "rename to":
      return [other, place];
    case "rename directory to":
      return ["other-dir", place];
    case "rm recursive":
    case "rm recursive force":
      return [`${place}/inner-entry`, place];
    case "mkdtemp":
      return [`${place}XXXXXX`, `${place}XXXXXX`, "made-by-mkdtemp"];
    default:
      return changes(method) ? [place] : [];
  }
}

describe.runIf(needs("linux")).each(guards)("R9: authorize, $name", (side) => {
  const here = pathMethods.filter(({ asyncOnly }) => side.form !== "sync" || asyncOnly !== true);
  const path = (method: PathMethod): string => `toin/${names[method.target]}`;

  it("is asked once for each change, with the place that changes, and never for a read", async () => {
    const events: AuthorizeEvent[] = [];
    const authorize = (event: AuthorizeEvent): void => void events.push(event);
    const bench = new Bench(side, leadsFixture, parent.path, { authorize });
    const wrong: string[] = [];
    for (const method of here) {
      await bench.before();
      events.length = 0;
      const { outcome } = await bench.act(method.run, path(method));
      if (!outcome.text.startsWith("ok: ")) wrong.push(`${method.name}: ${outcome.text}`);
      const asked = events.map((event) => event.path.replace(/^(in\/n).{6}$/, "$1XXXXXX"));
      const expected = placesOf(method);
      if (asked.join(", ") !== expected.join(", ")) {
        wrong.push(`${method.name}: asked for [${asked.join(", ")}], not [${expected.join(", ")}]`);
      }
      const name = method.name.split(" ")[0]! + (side.form === "sync" ? "Sync" : "");
      const named = events.filter((event) => event.method === name).length;
      if (events.length > 0 && named === 0) wrong.push(`${method.name}: as ${events[0]!.method}`);
    }
    await bench.dismiss();
    assertNothingWrong(wrong);
  });

  it("a throw refuses the change, and nothing has happened", async () => {
    const authorize = (): void => {
      throw new Error("not today");
    };
    const bench = new Bench(side, leadsFixture, parent.path, { authorize });
    const wrong: string[] = [];
    for (const method of here) {
      const before = await bench.before();
      const { outcome, tree } = await bench.act(method.run, path(method));
      const wanted = placesOf(method).length > 0 ? "ERR_DENIED" : "ok: ";
      if (!outcome.text.startsWith(wanted)) wrong.push(`${method.name}: ${outcome.text}`);
      if (!sameLines(tree, before)) wrong.push(`${method.name}: the tree is another`);
      if (wanted === "ERR_DENIED" && outcome.effect !== "none") {
        wrong.push(`${method.name}: effect ${outcome.effect}`);
      }
    }
    await bench.dismiss();
    assertNothingWrong(wrong);
  });

  it("what is thrown is the cause", async () => {
    const reason = new Error("not today");
    const bench = new Bench(side, leadsFixture, parent.path, {
      authorize: () => {
        throw reason;
      },
    });
    const { outcome } = await bench.act(async (on) => {
      const causes: unknown[] = [];
      for (const call of [() => on.writeFile("new", ""), () => on.rm("other-file")]) {
        await call().catch((error: Error) => causes.push(error.cause === reason));
      }
      return causes;
    }, "new");
    await bench.dismiss();
    expect(outcome.text).toBe("ok: [true,true]");
  });
});
