/** Somebody plants links between any two calls: nothing outside is read or changed, and no tool gets an exception. */

import { describe, expect, it, vi } from "vitest";
import { isHoldfastError } from "@holdfast/fs";
import {
  assertPassed,
  exploreInterference,
  swapForSymlink,
  type NodeFileSystem,
} from "@holdfast/testing";
import { open, root, streamed, text } from "./programs.ts";

vi.setConfig({ testTimeout: 600_000 });

const precious = "precious, and secret";

/** What lies outside has the names that are in a session too. */
async function plantOutside(fs: NodeFileSystem): Promise<void> {
  fs.mkdirSync("/d");
  fs.mkdirSync("/outside/.spill", { recursive: true });
  const store = await open(fs);
  const names = [await store.spill("x", text), await store.spill("y", text)].map(({ path }) =>
    path!.split("/").at(-1)!,
  );
  await store.close();
  for (const name of [...names, `.spill/${"0".repeat(32)}.part`]) {
    fs.writeFileSync(`/outside/${name}`, precious);
  }
}

/** All that is outside, as text. */
function outside(fs: NodeFileSystem, path = "/outside"): string[] {
  return (fs.readdirSync(path) as string[]).flatMap((name) => {
    const inside = `${path}/${name}`;
    const stats = fs.lstatSync(inside);
    if (stats.isDirectory()) return [inside, ...outside(fs, inside)];
    return [`${inside} ${stats.mode} ${String(fs.readFileSync(inside, "utf8"))}`];
  });
}

const programs: Readonly<Record<string, (fs: NodeFileSystem) => Promise<unknown>>> = {
  spill: async (fs) => {
    const store = await open(fs, "s1", false);
    // Outside of the `try` of the session: what tools call never throws.
    const results = [await store.spill("x", streamed), await store.spill("z", text)];
    const again = await store.spill("x", text);
    const pages = [];
    for (const { ref } of [...results, again]) {
      if (ref !== undefined) pages.push(await store.resolve(ref), await store.read(ref));
    }
    await ignoringRefusals(store.close());
    return [results.map(({ content, stub }) => content ?? stub), pages];
  },
  "endSession and sweep": async (fs) => {
    const other = await open(fs, "s2", false);
    await ignoringRefusals(other.sweep({ maxAgeMs: 0 }));
    await ignoringRefusals(other.close());
    const store = await open(fs, "s1", false);
    await ignoringRefusals(store.endSession());
    await ignoringRefusals(store.close());
  },
};

/** The host is told: that is as it should be. */
async function ignoringRefusals(call: Promise<unknown>): Promise<void> {
  await call.catch((error: unknown) => {
    if (!isHoldfastError(error)) throw error;
  });
}

// Where containment is "identity" each of these waits, and what holds there is the root's to test.
describe.each(Object.entries(programs))("links planted between any two calls: %s", (_, program) => {
  it("nothing outside is read or changed", async () => {
    const swapped = ["s1", "s1/.spill", "s1.lock", "s1.lock.shared"];
    const report = await exploreInterference<string>(
      {
        setup: plantOutside,
        run: async (fs, ack) => {
          const before = outside(fs).join("\n");
          fs.writeFileSync("/d/before", before);
          try {
            ack(JSON.stringify((await program(fs)) ?? null));
          } catch (error) {
            const refused = isHoldfastError(error) && error.op === "openSpillStore";
            ack(refused ? "refused" : `threw ${String(error)}`);
          }
        },
        check: (fs, { acks }) => {
          expect(outside(fs).join("\n")).toBe(String(fs.readFileSync("/d/before", "utf8")));
          expect(acks).toHaveLength(1);
          expect(acks[0]).not.toContain("precious");
          expect(acks[0]).not.toMatch(/^threw/);
        },
      },
      {
        adversaries: swapped.map((name) => swapForSymlink(`${root}/${name}`, "/outside")),
      },
    );
    expect(report.failures.slice(0, 3).map(({ message, where }) => `${where}: ${message}`)).toEqual(
      [],
    );
    assertPassed(report, { sampled: "accept" });
    expect(report.cases).toBeGreaterThan(100);
  });
});
