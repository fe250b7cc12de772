import { expect } from "vitest";
import type { TrackReceipt } from "../../src/index.ts";
import { type Command, contents } from "./commands.ts";
import { expectTree, lineOf, lineOfReported } from "./compare.ts";
import { bytes, makeEdit } from "./edits.ts";
import type { Subject } from "./subject.ts";
import { destination, realPath, type State, type Tree } from "./tree.ts";

export async function agent(
  subject: Subject,
  command: Extract<Command, { do: "agent" }>,
): Promise<void> {
  const { path, turn, edit, record: how } = command;
  await track(subject, path, turn);
  makeEdit(subject.world, path, edit);
  if (how === "no") return;
  const writes = edit.kind === "write" || edit.kind === "replace";
  if (how === "raced") makeEdit(subject.world, path, { kind: "write", content: 1 });
  await record(subject, path, writes && how !== "yes" ? edit.content : undefined);
}

export async function track(subject: Subject, path: string, turn: string): Promise<void> {
  const tree = subject.world.tree();
  const given = subject.absolute(path);
  const cached = subject.receipts.get(`${given}\0${turn}`);
  const { value, again } = await subject.insist((checkpoints) =>
    checkpoints.trackBeforeEdit(given, turn),
  );
  const found = receiptLines(value).join("; ");
  // An answer without I/O may be that of before, wherever a link on the way leads by now.
  if (cached === found) {
    if (!again) expect(value.first).toBe(false);
  } else {
    const expected = expectTrack(subject, tree, given, turn);
    expect(found, `the receipt of ${path}`).toBe(expected.lines.join("; "));
    if (!again) expect(firsts(value)).toEqual(expected.firsts);
  }
  subject.receipts.set(`${given}\0${turn}`, found);
  expectTree(subject.world.tree(), tree, "after trackBeforeEdit");
}

/** Notes what a track finds, link by link. */
function expectTrack(
  subject: Subject,
  tree: Tree,
  given: string,
  turn: string,
  links = 0,
): { lines: string[]; firsts: boolean[] } {
  const path = realPath(tree, subject.world.top, given);
  if (subject.isOutside(path)) return { lines: [`${path} skipped`], firsts: [true] };
  const before = subject.history.preImage(path, turn);
  if (before === undefined) subject.history.touch(tree, path, turn);
  const state = before ?? subject.history.stateOf(tree, path);
  const now = tree.get(path);
  const one = { lines: [`${path} ${lineOf(state)}`], firsts: [before === undefined] };
  if (now?.kind !== "symlink" || links >= 40) return one;
  const more = expectTrack(subject, tree, destination(path, now.target), turn, links + 1);
  return { lines: [...one.lines, ...more.lines], firsts: [...one.firsts, ...more.firsts] };
}

export async function trackAll(
  subject: Subject,
  paths: readonly string[],
  turn: string,
): Promise<void> {
  const tree = subject.world.tree();
  const given = paths.map((path) => subject.absolute(path));
  const { value } = await subject.insist((checkpoints) =>
    Promise.all(given.map((path) => checkpoints.trackBeforeEdit(path, turn))),
  );
  const found = value.map((receipt) => receiptLines(receipt).join("; "));
  for (const [i, path] of given.entries()) {
    const name = `${path}\0${turn}`;
    if (subject.receipts.get(name) !== found[i]) {
      const expected = expectTrack(subject, tree, path, turn).lines.join("; ");
      expect(found[i], `the receipt of ${path}`).toBe(expected);
    }
    subject.receipts.set(name, found[i]!);
  }
}

async function record(subject: Subject, path: string, content: number | undefined): Promise<void> {
  const given = subject.absolute(path);
  const tree = subject.world.tree();
  const { value } = await subject.insist((checkpoints) =>
    checkpoints.recordAfterEdit(given, content === undefined ? {} : { content: bytes(content) }),
  );
  const state = expectRecord(subject, tree, given, content);
  expect(lineOfReported(value.state), `the record of ${path}`).toBe(lineOf(state));
  if (state.kind !== "file") subject.receipts.clear();
}

function expectRecord(
  subject: Subject,
  tree: Tree,
  given: string,
  content: number | undefined,
  links = 0,
): State {
  const path = realPath(tree, subject.world.top, given);
  if (subject.isOutside(path)) return { kind: "skipped" };
  const entry = tree.get(path);
  const state: State =
    entry?.kind === "file" && content !== undefined
      ? { ...entry, content: contents[content]! }
      : subject.history.stateOf(tree, path);
  subject.history.wrote(path, state);
  if (state.kind === "symlink" && links < 40) {
    expectRecord(subject, tree, destination(path, state.target), content, links + 1);
  }
  return state;
}

function receiptLines(receipt: TrackReceipt): string[] {
  const rest = receipt.leadsTo === undefined ? [] : receiptLines(receipt.leadsTo);
  return [`${receipt.path} ${lineOfReported(receipt.state)}`, ...rest];
}

function firsts(receipt: TrackReceipt): boolean[] {
  return [receipt.first, ...(receipt.leadsTo === undefined ? [] : firsts(receipt.leadsTo))];
}
