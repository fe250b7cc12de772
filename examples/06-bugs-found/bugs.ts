// The gallery, in the order of the README: power losses, failing calls, attackers, other processes.
import type { Bug } from "./bug.ts";
import { noFsyncBeforeRename } from "./no-fsync-before-rename.ts";
import { onlyTheDirectoryFsynced } from "./only-the-directory-fsynced.ts";
import { noDirectoryFsync } from "./no-directory-fsync.ts";
import { fsyncAfterRename } from "./fsync-after-rename.ts";
import { newAncestorsNotFlushed } from "./new-ancestors-not-flushed.ts";
import { oldFileRenamedAwayFirst } from "./old-file-renamed-away-first.ts";
import { truncateInPlace } from "./truncate-in-place.ts";
import { removalThatComesBack } from "./removal-that-comes-back.ts";
import { appendWhoseTailIsMisread } from "./append-whose-tail-is-misread.ts";
import { twoFilesChangeTogether } from "./two-files-change-together.ts";
import { fsyncRetried } from "./fsync-retried.ts";
import { doneSaidBeforeTheCommitPoint } from "./done-said-before-the-commit-point.ts";
import { recoveryNotIdempotent } from "./recovery-not-idempotent.ts";
import { swallowedFsyncError } from "./swallowed-fsync-error.ts";
import { failedSaidAfterTheCommitPoint } from "./failed-said-after-the-commit-point.ts";
import { leakedStagedFile } from "./leaked-staged-file.ts";
import { leakedHandle } from "./leaked-handle.ts";
import { containmentLostBetweenTwoCalls } from "./containment-lost-between-two-calls.ts";
import { lockTakeoverByRemoval } from "./lock-takeover-by-removal.ts";
import { lockTakeoverByRename } from "./lock-takeover-by-rename.ts";
import { lostUpdate } from "./lost-update.ts";

/** By the names of their files. */
export const bugs: Readonly<Record<string, Bug>> = {
  "no-fsync-before-rename": noFsyncBeforeRename,
  "only-the-directory-fsynced": onlyTheDirectoryFsynced,
  "no-directory-fsync": noDirectoryFsync,
  "fsync-after-rename": fsyncAfterRename,
  "new-ancestors-not-flushed": newAncestorsNotFlushed,
  "old-file-renamed-away-first": oldFileRenamedAwayFirst,
  "truncate-in-place": truncateInPlace,
  "removal-that-comes-back": removalThatComesBack,
  "append-whose-tail-is-misread": appendWhoseTailIsMisread,
  "two-files-change-together": twoFilesChangeTogether,
  "fsync-retried": fsyncRetried,
  "done-said-before-the-commit-point": doneSaidBeforeTheCommitPoint,
  "recovery-not-idempotent": recoveryNotIdempotent,
  "swallowed-fsync-error": swallowedFsyncError,
  "failed-said-after-the-commit-point": failedSaidAfterTheCommitPoint,
  "leaked-staged-file": leakedStagedFile,
  "leaked-handle": leakedHandle,
  "containment-lost-between-two-calls": containmentLostBetweenTwoCalls,
  "lock-takeover-by-removal": lockTakeoverByRemoval,
  "lock-takeover-by-rename": lockTakeoverByRename,
  "lost-update": lostUpdate,
};
