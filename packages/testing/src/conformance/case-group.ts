import type { Face } from "./conformance-case.ts";

/** Cases that have something in common, as they are written in `cases/`. */
export interface CaseGroup {
  readonly name: string;
  /** Whose rules are meant; others do not run them. Default: everybody's. */
  readonly user?: "root" | "other";
  /** Default: all three. */
  readonly faces?: readonly Face[];
  /** Whether they begin in an empty directory, and not with the files of `usualFiles`. */
  readonly empty?: true;
  /** By name: the script, one step a line. Lines that begin with `root:` are done by root before. */
  readonly cases: Readonly<Record<string, string>>;
}

/** What there is when a script begins. Modes are said: they do not depend on the umask. */
export const usualFiles: readonly string[] = [
  "writeFile f hello",
  "chmod f 644",
  "mkdir d",
  "chmod d 755",
  "mkdir full",
  "chmod full 755",
  "writeFile full/x 1",
  "chmod full/x 644",
  "symlink f link",
  "symlink full dlink",
  "symlink missing dangling",
  "symlink loop2 loop",
  "symlink loop loop2",
];
