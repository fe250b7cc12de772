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

const anyStep = fc.oneof(
  fc
    .tuple(path, fc.constantFrom("1", "22"))
    .map(([to, text]) => step(`append ${to} ${text}`, (fs) => fs.appendFileSync(to, text))),
  fc.tuple(path, fc.nat(2)).map(([to, at]) =>
    step(`write ${to} at ${at}`, (fs) => {
      const fd = fs.openSync(to, "r+");
      fs.writeSync(fd, "XY", at);
      fs.closeSync(fd);
    }),
  ),
  path.map((to) => step(`create ${to}`, (fs) => fs.closeSync(fs.openSync(to, "wx")))),
  fc
    .tuple(path, path)
    .map(([from, to]) => step(`rename ${from} ${to}`, (fs) => fs.renameSync(from, to))),
  fc
    .tuple(path, path)
    .map(([from, to]) => step(`link ${from} ${to}`, (fs) => fs.linkSync(from, to))),
  path.map((to) => step(`unlink ${to}`, (fs) => fs.unlinkSync(to))),
  fc
    .tuple(path, fc.nat(3))
    .map(([to, size]) => step(`truncate ${to} ${size}`, (fs) => fs.truncateSync(to, size))),
  path.map((to) => step(`chmod ${to}`, (fs) => fs.chmodSync(to, 0o600))),
  path.map((to) => step(`fsync ${to}`, (fs) => flush(fs, to))),
  path.map((to) => step(`fdatasync ${to}`, (fs) => flush(fs, to, "fdatasyncSync"))),
  directory.map((to) => step(`fsync ${to}`, (fs) => flush(fs, to))),
);

/** What is there before. */
export function setup(fs: NodeFileSystem): void {
  fs.mkdirSync("/d");
  fs.writeFileSync("/a", "old");
  fs.writeFileSync("/d/b", "other");
}

export const programs = (maxLength: number): fc.Arbitrary<Program> =>
  fc.array(anyStep, { maxLength }).map((steps) => ({
    steps,
    [fc.toStringMethod]: () => steps.map(({ shown }) => shown).join("; "),
  }));

export const run =
  ({ steps }: Program): Step =>
  (fs) => {
    for (const { act } of steps) act(fs);
  };
