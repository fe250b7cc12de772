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
      .map(([file, size]) => step(`truncate ${file} ${size}`, (fs) => fs.truncateSync(file, size))),
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
