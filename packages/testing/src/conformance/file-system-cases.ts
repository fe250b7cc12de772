import { currentUmask, invalidType } from "@holdfast/fs/steps";
import { groups } from "./cases/groups.ts";
import { usualFiles, type CaseGroup } from "./case-group.ts";
import type { ConformanceCase, Face, Need } from "./conformance-case.ts";
import { ScriptedCase } from "./scripted-case.ts";

export interface FileSystemCaseOptions {
  /** Who the program is for the file system. Default: who runs this process, or 0. */
  readonly uid?: number;
  /** Default: `uid` if that is given, else the group of this process, or 0. */
  readonly gid?: number;
  /** The file mode creation mask of the file system. Default: that of this process. */
  readonly umask?: number;
  /** Through which halves of `node:fs`. Default: `["sync", "callback", "promises"]`. */
  readonly faces?: readonly Face[];
  /** What there is besides a file system and a directory. Default: nothing. */
  readonly have?: readonly Need[];
}

const allFaces: readonly Face[] = ["sync", "callback", "promises"];
const allNeeds: readonly Need[] = [
  "preparation",
  "second-device",
  "small-device",
  "descriptor-paths",
];

/**
 * What a file system with the rules of Linux does, as cases for any test runner: for each, what is
 * done and what has to come of it. They hold for ext4 and tmpfs, as root and as somebody else.
 *
 * @param options who the program is, and what can be had; cases that need more are left out
 * @returns cases that are independent of each other, each for an empty directory of its own
 * @throws `TypeError` (`ERR_INVALID_ARG`) for an option of the wrong type
 *
 * @example
 * for (const one of fileSystemCases()) {
 *   test(one.name, async () => {
 *     const dir = await mkdtemp(join(tmpdir(), "case-"));
 *     await one.check({ fs, dir });
 *   });
 * }
 */
export function fileSystemCases(options: FileSystemCaseOptions = {}): readonly ConformanceCase[] {
  const { faces = allFaces, have = [] } = options;
  const uid = options.uid ?? process.getuid?.() ?? 0;
  const gid = options.gid ?? options.uid ?? process.getgid?.() ?? 0;
  const umask = options.umask ?? currentUmask();
  requireNumbers({ uid, gid, umask });
  requireNames("faces", faces, allFaces);
  requireNames("have", have, allNeeds);
  const cases: ConformanceCase[] = [];
  for (const group of groups) {
    if (group.user !== undefined && group.user !== (uid === 0 ? "root" : "other")) continue;
    for (const face of group.faces ?? allFaces) {
      if (!faces.includes(face)) continue;
      cases.push(...casesOf(group, face, { uid, gid, umask }));
    }
  }
  return cases.filter(({ needs }) => needs.every((need) => have.includes(need)));
}

function casesOf(
  group: CaseGroup,
  face: Face,
  program: { readonly uid: number; readonly gid: number; readonly umask: number },
): ConformanceCase[] {
  return Object.entries(group.cases).map(([name, script]) => {
    const lines = script.split("\n").map((line) => line.trim());
    return new ScriptedCase({
      name: `${group.name}: ${name} (${face})`,
      group: group.name,
      face,
      program,
      usual: group.empty === true ? [] : usualFiles,
      lines: lines.filter((line) => line !== ""),
    });
  });
}

function requireNumbers(numbers: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(numbers)) {
    if (!Number.isInteger(value) || (value as number) < 0) {
      throw invalidType("fileSystemCases", name, "an integer of 0 or more", value);
    }
  }
}

function requireNames(option: string, given: unknown, known: readonly string[]): void {
  if (Array.isArray(given) && given.every((name) => known.includes(name as string))) return;
  throw invalidType("fileSystemCases", option, `an array of ${known.join(", ")}`, given);
}
