/** Random programs for the laws: few names, so that the changes meet. */

import fc from "fast-check";
import type { NodeFileSystem } from "../../src/calls/node-file-system.ts";
import { flush } from "./legal-trees.ts";

type Step = (fs: NodeFileSystem) => void;

const names = ["/a", "/b", "/d/a", "/d/b"] as const;
const path = fc.constantFrom(...names);
const directory = fc.constantFrom("/", "/d");

export interface Program {
  readonly steps: readonly { readonly shown: string; readonly act: Step }[];
}

const step = (shown: string, act: Step): { shown: string; act: Step } => ({
  shown,
  // What is not there, or in the way, ends the step: the rest of the program goes on.
  act: (fs) => {
    try {
      act(fs);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    }
  },
});

// To the same size only the time changes, of which the memory file system says nothing.
const truncate = (fs: NodeFileSystem, file: string, size: number): void => {
  if (fs.statSync(file).size !== size) fs.truncateSync(file, size);
};

type Steps = fc.Arbitrary<ReturnType<typeof step>>;

const contents = (to: fc.Arbitrary<string>): Steps =>
  fc.oneof(
    fc
      .tuple(to, fc.constantFrom("1", "22"))
      .map(([file, text]) => step(`append ${file} ${text}`, (fs) => fs.appendFileSync(file, text))),
    fc.tuple(to, fc.nat(2)).map(([file, at]) =>
      step(`write ${file} at ${at}`, (fs) => {
        const fd = fs.openSync(file, "r+");
        fs.writeSync(fd, "XY", at);
        fs.closeSync(fd);
      }),
    ),
    fc
      .tuple(to, fc.nat(4))
      .map(([file, size]) => step(`truncate ${file} ${size}`, (fs) => truncate(fs, file, size))),
    fc
      .tuple(to, fc.constantFrom(2, 3))
      .map(([file, time]) =>
        step(`utimes ${file} ${time}`, (fs) => fs.utimesSync(file, time, time)),
      ),
    to.map((file) => step(`chmod ${file}`, (fs) => fs.chmodSync(file, 0o600))),
    to.map((file) => step(`fsync ${file}`, (fs) => flush(fs, file))),
    to.map((file) => step(`fdatasync ${file}`, (fs) => flush(fs, file, "fdatasyncSync"))),
  );

const changesOfNames: Steps = fc.oneof(
  path.map((to) => step(`create ${to}`, (fs) => fs.closeSync(fs.openSync(to, "wx")))),
  fc
    .tuple(path, path)
    .map(([from, to]) => step(`rename ${from} ${to}`, (fs) => fs.renameSync(from, to))),
  fc
    .tuple(path, path)
    .map(([from, to]) => step(`link ${from} ${to}`, (fs) => fs.linkSync(from, to))),
  path.map((to) => step(`unlink ${to}`, (fs) => fs.unlinkSync(to))),
  directory.map((to) => step(`fsync ${to}`, (fs) => flush(fs, to))),
);

/** What is there before. */
export function setup(fs: NodeFileSystem): void {
  fs.mkdirSync("/d");
  fs.writeFileSync("/a", "old");
  fs.utimesSync("/a", 1, 1);
  fs.writeFileSync("/d/b", "other");
}

/** Of all kinds of steps, or of one: then they meet more often. */
export const programs = (maxLength: number): fc.Arbitrary<Program> =>
  fc
    .oneof(
      fc.array(fc.oneof(contents(path), changesOfNames), { maxLength }),
      fc.array(contents(fc.constant("/a")), { maxLength }),
      fc.array(changesOfNames, { maxLength }),
    )
    .map((steps) => ({
      steps,
      [fc.toStringMethod]: () => steps.map(({ shown }) => shown).join("; "),
    }));

export const run =
  ({ steps }: Program): Step =>
  (fs) => {
    for (const { act } of steps) act(fs);
  };

/** Writes to a file that ends shortly before a page of it does: few, since each has many outcomes. */
export const pagedPrograms: fc.Arbitrary<Program> = fc
  .array(
    fc.oneof(
      fc
        .constantFrom(1, 7, 23, 5000)
        .map((length) =>
          step(`append ${length}`, (fs) => fs.appendFileSync("/a", "x".repeat(length))),
        ),
      fc
        .tuple(fc.constantFrom(0, 4080, 4096), fc.constantFrom(16, 40, 9000, 12_288))
        .map(([at, length]) =>
          step(`write ${length} at ${at}`, (fs) => {
            const fd = fs.openSync("/a", "r+");
            fs.writeSync(fd, "y".repeat(length), at);
            fs.closeSync(fd);
          }),
        ),
      fc
        .constantFrom(0, 4096, 6000)
        .map((size) => step(`truncate ${size}`, (fs) => fs.truncateSync("/a", size))),
      fc.constant(step("fsync", (fs) => flush(fs, "/a"))),
    ),
    { maxLength: 3 },
  )
  .map((steps) => ({
    steps,
    [fc.toStringMethod]: () => steps.map(({ shown }) => shown).join("; "),
  }));

export const setupPaged: Step = (fs) => fs.writeFileSync("/a", "o".repeat(4090));
