/** What a linter can find in a trace: one table, from which messages and documentation come. */

interface LintFacts {
  /** What is wrong, after the name of the file. */
  readonly problem: string;
  /** What happens because of it, and what to do instead. */
  readonly hint: string;
}

/** The names of the rules. */
export type LintRule =
  | "rename-unsynced-data"
  | "ack-unsynced-data"
  | "ack-unsynced-entry"
  | "new-directory-unflushed"
  | "fsync-retried"
  | "ignored-error"
  | "name-gone"
  | "in-place-overwrite"
  | "check-then-use"
  | "staged-not-exclusive"
  | "staged-elsewhere"
  | "unlink-foreign";

export const lintRules: { readonly [Rule in LintRule]: LintFacts } = {
  "rename-unsynced-data": {
    problem: "gets its new name before its data is on disk",
    hint: "fsync the file before the rename or link: after a power cut the name can lead to an empty file, or to one of zeros (ext4, xfs and btrfs, measured on Linux 6.18)",
  },
  "ack-unsynced-data": {
    problem: "is acknowledged, and what was written to it is not on disk",
    hint: "fsync or fdatasync the file before saying that it is done",
  },
  "ack-unsynced-entry": {
    problem: "is acknowledged, and its directory has not been flushed since",
    hint: "open the directory and fsync it after the rename, link, creation or removal: until then a power cut can take it back",
  },
  "new-directory-unflushed": {
    problem: "is a new directory, and its own name has not been flushed into its parent",
    hint: "fsync the parent of each new directory: POSIX lets a power cut take the name away, with all that is in it",
  },
  "fsync-retried": {
    problem: "is flushed again after a flush failed",
    hint: "never retry: the kernel has dropped what it could not write and calls the pages clean, so the second fsync says ok and a power cut brings the old bytes; write a new file",
  },
  "ignored-error": {
    problem: "is used as if it were whole, after an error of fsync or close",
    hint: "after an error of fsync or close nobody knows what is in the file: remove it and report the failure",
  },
  "name-gone": {
    problem: "is taken away before the new one is there",
    hint: "rename the new file over the old one: in between, a crash leaves no file, and readers find none; keep a copy with link() if the old one is wanted",
  },
  "in-place-overwrite": {
    problem: "is acknowledged, and its content was overwritten in place",
    hint: "write a new file, fsync it and rename it over the old one: a crash in the middle leaves an empty file, or one that is half old and half new, and no fsync afterwards helps",
  },
  "check-then-use": {
    problem: "is looked at, and then used by the same path",
    hint: "between the two somebody can put a link or another file there: open it first, with O_NOFOLLOW or O_EXCL, and look at the descriptor with fstat",
  },
  "staged-not-exclusive": {
    problem: "is opened without O_EXCL, and then given another name",
    hint: 'open it with "wx": otherwise what another process wrote, or a symbolic link that was planted there, is used',
  },
  "staged-elsewhere": {
    problem: "is staged in another directory than its target",
    hint: "stage the file next to its target: a rename between directories can fail with EXDEV, and flushing one directory does not flush the other",
  },
  "unlink-foreign": {
    problem:
      "is removed, has the name of a lock or a staged file, and the program did not create it",
    hint: "remove only the locks and staged files that this run created: another process may be using them",
  },
};

export const lintRuleNames: readonly LintRule[] = Object.keys(lintRules) as LintRule[];
