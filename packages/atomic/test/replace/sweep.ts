/**
 * The fault sweeps of the replacements: every call fails with every errno, and each end is compared
 * with what it has to be. The default is strict: the call fails with that errno, and the target is old
 * if it was not published yet and new if it was. Every exception is a line in a scenario, with its
 * reason.
 */

import { existsSync, lstatSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import {
  isHoldfastError,
  replaceFileAtomic,
  replaceFileAtomicSync,
  type Effect,
  type FileSystem,
  type ReplaceFileReceipt,
} from "../../src/index.ts";
import { sweepFaults, type FaultyRun, type Injected } from "../support/sweep-faults.ts";
import { stagedIn, type Form } from "./forms.ts";

/** What a call is made on. */
type Role = "target" | "directory" | "staged" | "link" | "elsewhere";

export interface Fault extends Injected {
  readonly on: Role;
  /** Which of the calls of that name on that role it is, from 1. */
  readonly nth: number;
}

interface Expected {
  /** The call succeeds all the same. */
  readonly succeeds?: boolean;
  /** Either is right: whether it succeeds depends on what the fault did. */
  readonly maySucceed?: boolean;
  readonly receipt?: Partial<ReplaceFileReceipt>;
  /** Default: the errno that was injected. */
  readonly code?: string | readonly string[];
  /** Default: what is seen on disk. */
  readonly effect?: Effect | readonly Effect[];
  /** Whether the staged file is kept and named. Default: it is gone. */
  readonly leftover?: boolean;
}

export interface Scenario {
  readonly name: string;
  /** Relative to the directory of the case; what is given to the call. */
  readonly filePath?: string;
  /** Relative, where links lead. */
  readonly target?: string;
  readonly old?: string;
  readonly prepare?: (dir: string) => void;
  readonly perform: (
    form: Form,
    options: { filePath: string; content: string; fileSystem: FileSystem },
  ) => Promise<ReplaceFileReceipt>;
  /** Replaces calls that must always fail in this scenario. */
  readonly wrap?: (fileSystem: FileSystem) => FileSystem;
  readonly method: ReplaceFileReceipt["method"];
  /** `synced.directory` of a run without a fault. Default: `true`. */
  readonly directory?: boolean | "unsupported";
  /** Exceptions from the default, the first that matches counts. */
  readonly rules: readonly Rule[];
}

export interface Rule {
  readonly why: string;
  readonly when: (fault: Fault) => boolean;
  readonly outcome: Expected;
}

const newContent = "the new content";
const after = "a later content";

export async function sweepScenario(scenario: Scenario, form: Form): Promise<number> {
  const { filePath: given = "file", target = given, old } = scenario;
  let used: FileSystem | undefined;
  return sweepFaults<void, ReplaceFileReceipt>({
    prepare: (dir) => scenario.prepare?.(dir),
    run: ({ fileSystem, dir }) => {
      used = scenario.wrap?.(fileSystem) ?? fileSystem;
      return scenario.perform(form, {
        filePath: join(dir, given),
        content: newContent,
        fileSystem: used,
      });
    },
    check: async (run) => {
      const { dir, injected } = run;
      const paths = { filePath: join(dir, given), target: join(dir, target) };
      const fault = injected === undefined ? undefined : describeFault(run, injected, paths);
      if (fault !== undefined && contradicts(fault)) return;
      const expected = fault === undefined ? { succeeds: true } : expectation(scenario, fault);
      expect(run.openHandles).toEqual([]);
      expect(run.callsOnClosed).toEqual([]);
      if (run.failed) checkFailure(run, expected, fault!, paths, old);
      else checkSuccess(run, expected, paths, scenario, fault);
      if (given !== target) expect(readlinkSync(paths.filePath)).toBe("real/file");
      // Through the same file system, where that works again: its queue must be free.
      const works = injected !== undefined && /^(before|after)$/.test(injected.mode);
      await checkLater(paths, form, works ? used : undefined);
    },
  });
}

interface Paths {
  readonly filePath: string;
  readonly target: string;
}

/** Faults that say the opposite of what is so: no file system can give them in that state. */
function contradicts({ name, errno, mode, on, nth }: Fault): boolean {
  // O_EXCL: it was there before, and so it was not created by this call.
  if (name === "open" && on === "staged" && errno === "EEXIST") return mode === "after";
  // It is there, and would stay.
  if (name === "unlink" && errno === "ENOENT") return mode !== "after";
  // The link that was given is there.
  if (name === "lstat" && on === "link" && errno === "ENOENT")
    return nth === 1 || mode === "sticky";
  return false;
}

function expectation({ rules }: Scenario, fault: Fault): Expected {
  return rules.find(({ when }) => when(fault))?.outcome ?? {};
}

function roleOf(path: string, { filePath, target }: Paths): Role {
  if (/(^|\/)\.holdfast-[^/]*$/.test(path)) return "staged";
  if (resolved(path) === target) return "target";
  if (path === filePath) return "link";
  return resolved(path) === join(target, "..") ? "directory" : "elsewhere";
}

/** Without the detours that a path through a link can have. */
const resolved = (path: string): string => join(path, ".");

function describeFault(run: FaultyRun<void, unknown>, injected: Injected, paths: Paths): Fault {
  const on = roleOf(injected.path, paths);
  const before = run.calls.slice(0, injected.index - 1);
  const alike = before.filter((call) => {
    const [name, path] = call.split(" ");
    return name === injected.name && roleOf(path!, paths) === on;
  });
  return { ...injected, on, nth: alike.length + 1 };
}

function textAt(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, "utf8") : undefined;
}

function checkSuccess(
  { dir, result }: FaultyRun<void, ReplaceFileReceipt>,
  expected: Expected,
  { target }: Paths,
  { method, directory = true }: Scenario,
  fault: Fault | undefined,
): void {
  if (expected.succeeds !== true && expected.maySucceed !== true) {
    throw new Error(`it succeeded, and should have failed: ${JSON.stringify(result)}`);
  }
  expect(textAt(target)).toBe(newContent);
  expect(stagedIn(dir)).toEqual([]);
  const receipt = result!;
  expect(receipt.bytes).toBe(Buffer.byteLength(newContent));
  expect(resolved(receipt.path)).toBe(target);
  if (expected.receipt !== undefined) expect(receipt).toMatchObject(expected.receipt);
  // A flush is never only claimed: that the file system cannot do it must be what it said.
  expect(receipt.synced.file).toBe(true);
  const said = ["EINVAL", "EACCES", "EPERM"].includes(fault?.errno ?? "");
  if (!said) expect(receipt.synced.directory).toBe(directory);
  if (fault === undefined) expect(receipt).toMatchObject({ method, lost: [] });
}

function checkFailure(
  { dir, error }: FaultyRun<void, unknown>,
  expected: Expected,
  fault: Fault,
  { filePath, target }: Paths,
  old: string | undefined,
): void {
  if (!isHoldfastError(error)) throw new Error("no error of ours", { cause: error });
  if (expected.succeeds === true)
    throw new Error("it failed, and should have succeeded", { cause: error });
  expect([expected.code ?? [fault.code, fault.errno]].flat()).toContain(error.code);
  if (expected.code === undefined) {
    // The first that failed, as it was: not what went wrong while cleaning up.
    expect((error.cause as NodeJS.ErrnoException).code).toBe(fault.code);
    expect((error.cause as NodeJS.ErrnoException).syscall).toBe(error.syscall);
  }
  expect(error.path).toBe(filePath);
  expect(error.message.split(JSON.stringify(filePath))).toHaveLength(2);

  const text = textAt(target);
  const seen: Effect = text === newContent ? "complete" : text === old ? "none" : "partial";
  const deadStop = fault.mode === "dead stop";
  const allowed = [expected.effect ?? seen].flat();
  // Nothing can be looked at any more: then it must not be claimed to be known.
  if (deadStop && /^(rename|link)$/.test(fault.name)) allowed.push("unknown");
  expect(allowed).toContain(error.effect);
  if (error.effect === "none") expect(text).toBe(old);
  if (error.effect === "complete") expect(text).toBe(newContent);

  const left = stagedIn(dir);
  // Whatever is there is named. What is named and is not there said that it could not be removed.
  expect(error.leftovers).toEqual(expect.arrayContaining(left));
  const cannotRemove = deadStop || fault.name === "unlink";
  if (expected.leftover === true) expect(left).toHaveLength(1);
  else if (!cannotRemove) expect(error.leftovers).toEqual([]);
  for (const path of left) {
    if (expected.leftover === true) expect(readFileSync(path, "utf8")).toBe(newContent);
    if (expected.leftover === true) expect(error.message).toContain(path);
  }
}

/** Whatever happened: nothing stands in the way of the next call. */
async function checkLater(
  { filePath, target }: Paths,
  { form }: Form,
  fileSystem: FileSystem | undefined,
): Promise<void> {
  const options = { filePath, content: after, fileSystem };
  if (form === "sync") replaceFileAtomicSync(options);
  else await replaceFileAtomic(options);
  expect(textAt(target)).toBe(after);
  expect(lstatSync(target).isFile()).toBe(true);
}
