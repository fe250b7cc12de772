/** Every call fails, in every way: no lock is left that nobody knows of, and no open file. */

import { mkdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { type CallName, errnosOf } from "@holdfast/testing";
import { describe, expect, it, vi } from "vitest";
import { sweepFaults } from "../../../atomic/test/support/sweep-faults.ts";
import { acquireLockSync, type HoldfastError, isHoldfastError } from "../../src/index.ts";
import { forms, namesIn, recordText } from "./lock-dir.ts";

vi.setConfig({ testTimeout: 120_000 });

const nobody = 4_194_305;
const dead = (nonce: string, other: object = {}): string =>
  recordText({ nonce, pid: nobody, threadId: nobody, ...other });
const [a, b, c] = ["a", "b", "c"].map((digit) => digit.repeat(32)) as [string, string, string];

interface Situation {
  readonly name: string;
  readonly shared: boolean;
  readonly prepare: (dir: string) => void;
}

/**
 * Not those that would be lies: what is there is said not to be. All others if HOLDFAST_ALL_FAULTS is set;
 * otherwise those that the protocol tells apart, and one for the rest.
 */
function errnos(name: CallName): string[] {
  const possible = errnosOf(name, "linux").filter(
    (errno) => errno !== "ENOENT" || !["lstat", "unlink", "readdir"].includes(name),
  );
  if (process.env["HOLDFAST_ALL_FAULTS"]) return possible;
  return possible.filter((errno) => ["EIO", "EACCES", "EEXIST", "ENOENT", "EPERM"].includes(errno));
}

const nothing = (): void => {};
const situations: readonly Situation[] = [
  { name: "free", shared: false, prepare: nothing },
  { name: "free, shared", shared: true, prepare: nothing },
  {
    name: "held by somebody dead, claimed by somebody dead, with litter",
    shared: false,
    prepare(dir) {
      writeFileSync(join(dir, "file.lock"), dead(a));
      writeFileSync(join(dir, `file.lock.${a}.claim`), dead(b));
      writeFileSync(join(dir, `file.lock.${c}.tmp`), dead(c));
    },
  },
  {
    name: "shared by somebody dead",
    shared: false,
    prepare(dir) {
      mkdirSync(join(dir, "file.lock.shared"));
      writeFileSync(join(dir, "file.lock.shared", a), dead(a, { shared: true }));
    },
  },
];

/** What was there before and belongs to the dead: the next one who asks removes it. */
const ofTheDead = (name: string): boolean =>
  [a, b, c].some((nonce) => name.includes(nonce)) || name === "file.lock.shared";

describe.each(situations)("$name", ({ shared, prepare }) => {
  it.each(forms)("$form", async ({ acquire, release }) => {
    const cases = await sweepFaults({
      prepare(dir) {
        prepare(dir);
        return { got: false };
      },
      errnos,
      async run({ fileSystem, dir, prepared }) {
        const lock = await acquire(join(dir, "file"), { fileSystem, shared, timeoutMs: 0 });
        prepared.got = true;
        await release(lock);
      },
      check({ failed, error, openHandles, callsOnClosed, dir, prepared, injected }) {
        expect(callsOnClosed).toEqual([]);
        const once = injected === undefined || ["before", "after"].includes(injected.mode);
        const mayStayOpen = injected?.name === "close" || injected?.mode === "dead stop";
        if (!mayStayOpen) expect(openHandles).toEqual([]);
        const leftovers: string[] = [];
        if (failed) {
          expect(isHoldfastError(error) && error.effect).toBe("none");
          leftovers.push(...(error as HoldfastError).leftovers.map((path) => basename(path)));
        }
        // One failure is made good; of one that lasts it is said what it left.
        const left = namesIn(dir).filter((name) => !ofTheDead(name) && name !== "file.lock");
        // What it left on the way to success is removed when the process ends, and hinders nobody.
        const harmless = (name: string): boolean =>
          !once && prepared.got && /\.(tmp|claim)$/.test(name);
        const unknown = left.filter(
          (name) => !leftovers.includes(basename(name)) && !harmless(name),
        );
        expect(unknown).toEqual([]);
        if (once) expect(leftovers).toEqual([]);
        // Nobody holds it: the next one gets it, if only one of this thread.
        const next = acquireLockSync(join(dir, "file"), { timeoutMs: 0 });
        next.releaseSync();
        expect(namesIn(dir)).not.toContain("file.lock");
      },
    });
    expect(cases).toBeGreaterThan(50);
  });
});
