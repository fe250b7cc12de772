/* oxlint-disable vitest/no-conditional-expect -- what must hold depends on how a run ended */

import { existsSync, lstatSync, mkdirSync, readdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { isHoldfastError } from "@holdfast/fs";
import { errnosOf, type CallName } from "@holdfast/testing";
import { faultModes, sweepFaults } from "../support/sweep-faults.ts";
import {
  acrossDevices,
  forms,
  look,
  stagedIn,
  writeOldFile,
  writeSmallTree,
  type FailureFields,
} from "./trees.ts";

interface Scenario {
  readonly name: string;
  readonly crosses: boolean;
  readonly overwrite?: boolean;
  readonly prepare: (source: string, destination: string) => void;
}

const scenarios: readonly Scenario[] = [
  { name: "a file", crosses: false, prepare: (source) => writeOldFile(source, "new") },
  {
    name: "a file over a file",
    crosses: false,
    overwrite: true,
    prepare: (source, destination) => {
      writeOldFile(source, "new");
      writeOldFile(destination, "old");
    },
  },
  { name: "a tree", crosses: false, prepare: (source) => writeSmallTree(source) },
  { name: "an empty directory", crosses: false, prepare: (source) => mkdirSync(source) },
  { name: "a file, copied", crosses: true, prepare: (source) => writeOldFile(source, "new") },
  {
    name: "a file over a file, copied",
    crosses: true,
    overwrite: true,
    prepare: (source, destination) => {
      writeOldFile(source, "new");
      writeOldFile(destination, "old");
    },
  },
  { name: "a link, copied", crosses: true, prepare: (source) => symlinkSync("nowhere", source) },
  { name: "a tree, copied", crosses: true, prepare: (source) => writeSmallTree(source) },
];

// A copy makes many calls: of the errnos those that the protocol looks at, and one that it does not.
const looked = new Set("EIO EPERM EXDEV EEXIST ENOENT ENOTEMPTY".split(" "));
const fewErrnos = (name: CallName): readonly string[] =>
  errnosOf(name, "linux").filter((errno) => looked.has(errno));

const contents = { metadata: false };

describe.each(forms)("A22 faults, $form", ({ move }) => {
  test.each(scenarios)(
    "$name: at any failure the source or the destination is whole, and the error says which",
    { timeout: 120_000 },
    async ({ crosses, overwrite = false, prepare }) => {
      const cases = await sweepFaults({
        modes: faultModes,
        ...(crosses && { errnos: fewErrnos }),
        prepare: (dir) => {
          for (const name of ["from", "to"]) mkdirSync(join(dir, name));
          const source = join(dir, "from", "a");
          const destination = join(dir, "to", "b");
          prepare(source, destination);
          return {
            source,
            destination,
            old: look(destination),
            whole: look(source),
            content: look(source, contents),
          };
        },
        run: ({ fileSystem, prepared: { source, destination } }) =>
          move({
            source,
            destination,
            overwrite,
            fileSystem: crosses ? acrossDevices(fileSystem, source, destination) : fileSystem,
          }),
        check: ({ failed, error, result, prepared, dir, injected, openHandles, callsOnClosed }) => {
          const { source, destination, whole, old, content } = prepared;
          expect(openHandles).toEqual([]);
          expect(callsOnClosed).toEqual([]);
          const now = look(destination);
          const sourceIsWhole = same(look(source), whole);
          // Permissions and times that could not be set are in the receipt.
          const arrived =
            result?.lost.length === 0 ? same(now, whole) : isThere(destination, content);
          const left = stagedIn(join(dir, "from"), join(dir, "to"));
          if (!failed) {
            expect(arrived).toBe(true);
            expect(existsSync(source)).toBe(false);
            expect(left).toEqual([]);
            return;
          }
          if (!isHoldfastError(error)) throw error;
          const { effect, leftovers, code } = error as unknown as FailureFields;
          expect(sourceIsWhole || arrived, "the source or the destination is whole").toBe(true);
          expect([
            injected!.code,
            injected!.errno,
            "ERR_CHANGED",
            "EEXIST",
            "EXDEV",
            "ENOTEMPTY",
          ]).toContain(code);
          for (const path of left) expect(leftovers).toContain(path);
          const untouched = same(now, old);
          // An answer that somebody else's directory is there cannot be told from a lost one.
          const isOwnEmpty =
            injected!.name === "mkdir" && injected!.mode === "after" && isEmpty(destination);
          switch (effect) {
            case "none":
              expect(sourceIsWhole, "none: the source").toBe(true);
              expect(untouched || isOwnEmpty, "none: the destination").toBe(true);
              break;
            case "complete":
              expect(arrived, "complete: the destination").toBe(true);
              expect(lstatSync(source, { throwIfNoEntry: false })).toBe(undefined);
              expect(leftovers).toEqual([]);
              break;
            case "partial":
              if (leftovers.includes(destination)) {
                expect(sourceIsWhole && isEmpty(destination), "partial: reserved").toBe(true);
              } else {
                expect(arrived, "partial: the destination").toBe(true);
                expect(
                  leftovers.some((path) => existsOrLink(path)),
                  "partial: names",
                ).toBe(true);
              }
              break;
            case "unknown":
              // Whether an empty directory is ours, if making it failed, nobody can tell.
              if (injected!.name === "mkdir") expect(leftovers).toContain(destination);
              else expect(["sticky", "dead stop"]).toContain(injected!.mode);
              break;
          }
        },
      });
      expect(cases).toBeGreaterThan(50);
    },
  );
});

const same = (a: readonly string[] | undefined, b: readonly string[] | undefined): boolean =>
  JSON.stringify(a) === JSON.stringify(b);

const existsOrLink = (path: string): boolean =>
  lstatSync(path, { throwIfNoEntry: false }) !== undefined;

const isEmpty = (path: string): boolean => existsSync(path) && readdirSync(path).length === 0;

/** Whether contents and names are there; two names of one file may have become two files. */
function isThere(path: string, content: readonly string[] | undefined): boolean {
  const plain = (lines: readonly string[] | undefined): readonly string[] | undefined =>
    lines?.map((line) => line.replace(/ \| group .*/, ""));
  return same(plain(look(path, contents)), plain(content));
}
