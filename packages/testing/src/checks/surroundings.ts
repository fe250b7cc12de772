/** Checks of what is around the file: what was left behind, left open, or should not have been touched. */

import { join } from "node:path";
import { invalidType } from "@holdfast/fs/steps";
import type { NodeFileSystem } from "../calls/node-file-system.ts";
import { requireKnown } from "../scenario/known-options.ts";
import { looksStaged } from "../trace/name-patterns.ts";
import { isWithin } from "../trace/paths.ts";
import { diffTrees } from "../tree/diff-trees.ts";
import { readTreeSync } from "../tree/read-tree.ts";
import { formatTree, parseTree } from "../tree/tree-language.ts";
import { CheckFailed, type Check } from "./check.ts";
import { checkPath } from "./content.ts";

export interface StagedOptions {
  /**
   * Names that are staged ones, and no others. Default: those that are clearly such. They end with
   * `.tmp`, `-tmp`, `_tmp`, `.temp`, `.part`, `.swp`, `.new` or `~`, or begin with `tmp` or `.tmp` and a
   * separator, or have `.tmp` and more after it (`x.tmp-4711`); or they are the name of another file
   * in the directory, with a dot before it or without, then `.`, `-` or `_`, and random characters: a
   * UUID, or at least 6 that are hexadecimal, or letters and digits in turn, with a digit among them.
   * A date, a time in s or ms, or a number with leading zeros is not random: `state.json.20240101` is
   * a backup. Letters alone are taken for a word: give the pattern if your program makes such names,
   * or names that have nothing of the target's.
   */
  readonly pattern?: RegExp;
  /**
   * After a crash. `"allow"`: a program that was cut off cannot tidy up. `"refuse"`: `recover` must
   * have done it. Default: `"allow"`.
   */
  readonly afterCrash?: "allow" | "refuse";
}

/**
 * No staged file is left in the directory.
 *
 * @throws `TypeError` (`ERR_INVALID_ARG`) for options that make no sense
 */
export function noStagedFiles(directory: string, options: StagedOptions = {}): Check {
  checkPath("noStagedFiles", directory);
  requireKnown("noStagedFiles", options, ["pattern", "afterCrash"]);
  const { pattern, afterCrash = "allow" } = options;
  if (pattern !== undefined && !(pattern instanceof RegExp)) {
    throw invalidType("noStagedFiles", "pattern", "a regular expression", pattern);
  }
  if (afterCrash !== "allow" && afterCrash !== "refuse") {
    throw invalidType("noStagedFiles", "afterCrash", '"allow" or "refuse"', afterCrash);
  }
  return (fs, { end }) => {
    if (end === "crash" && afterCrash === "allow") return;
    const left = stagedFilesIn(fs, directory, pattern);
    if (left.length > 0) throw new CheckFailed(`left behind in ${directory}: ${left.join(", ")}`);
  };
}

/** The names in a directory that look staged. */
export function stagedFilesIn(
  fs: Pick<NodeFileSystem, "readdirSync">,
  directory: string,
  pattern?: RegExp,
): string[] {
  const names = fs.readdirSync(directory);
  const all = new Set(names);
  return names.filter((name) => {
    if (pattern === undefined) return looksStaged(name, all);
    pattern.lastIndex = 0; // of a global one, which would go on from there
    return pattern.test(name);
  });
}

/** Whatever was opened was closed. */
export function noOpenHandles(): Check {
  return (_fs, { leaks }) => {
    if (leaks.length > 0) throw new CheckFailed(`left open: ${leaks.join(", ")}`);
  };
}

export interface InsideOptions {
  /** What must be outside of the root, in the form of `readTree(fs, "/")`. */
  readonly outside: readonly string[];
  /** Texts that must neither be in a file of the root nor in an acknowledgement. Default: none. */
  readonly secrets?: readonly string[];
}

/**
 * Nothing outside of `root` was changed, made or removed, and nothing of it came in.
 *
 * @throws `TypeError` (`ERR_INVALID_ARG`) for options that make no sense
 * @example
 * check: insideRoot("/jail", { outside: ["etc/passwd = secret"], secrets: ["secret"] })
 */
export function insideRoot(root: string, options: InsideOptions): Check {
  checkPath("insideRoot", root);
  requireKnown("insideRoot", options, ["outside", "secrets"]);
  const { outside, secrets = [] } = options;
  const expected = formatTree(parseTree(outside, "insideRoot").filter(({ path }) => !inRoot(path)));
  return (fs, { acks }) => {
    const entries = parseTree(readTreeSync(fs, "/"));
    const found = formatTree(entries.filter(({ path }) => !inRoot(path)));
    // The directories that lead to the root need no lines of their own.
    const changed = diffTrees(found, expected).filter((line) => !isWayTo(root, line));
    if (changed.length > 0) {
      throw new CheckFailed(
        `changed outside of ${root} (- expected, + found): ${changed.join("; ")}`,
      );
    }
    for (const secret of secrets) {
      for (const entry of entries) {
        if (
          entry.type === "file" &&
          inRoot(entry.path) &&
          Buffer.from(entry.content).includes(secret)
        ) {
          throw new CheckFailed(`/${entry.path} has what is secret: ${JSON.stringify(secret)}`);
        }
      }
      const told = acks.find((ack) => textOf(ack).includes(secret));
      if (told !== undefined) {
        throw new CheckFailed(`acknowledged what is secret: ${JSON.stringify(secret)}`);
      }
    }
  };

  function inRoot(path: string): boolean {
    return isWithin(root, join("/", path));
  }
}

function isWayTo(root: string, line: string): boolean {
  const path = /^\+ (.*)\/$/.exec(line)?.[1];
  return path !== undefined && isWithin(join("/", path), root);
}

const textOf = (ack: unknown): string =>
  ack instanceof Uint8Array
    ? Buffer.from(ack).toString()
    : typeof ack === "string"
      ? ack
      : (JSON.stringify(ack) ?? "");
