/** What is right when a call fails, where that is not simply its errno and an unchanged target. */

import type { Fault, Rule } from "./sweep.ts";

const is = (errnos: string, { errno }: Fault): boolean => errnos.split(" ").includes(errno);

/** It goes on failing: the way out that needs that call is closed too. */
const once = ({ mode }: Fault): boolean => mode === "before" || mode === "after";
const goesOn = ({ mode }: Fault): boolean => mode !== "dead stop";

/** Looking, opening the directory and staging: of every scenario. */
export const beginning: readonly Rule[] = [
  {
    why: "a file that is said not to be there is created",
    when: (f) => f.name === "lstat" && f.on === "target" && is("ENOENT", f),
    outcome: { succeeds: true },
  },
  {
    why: "a directory that may be written and not read cannot be flushed",
    when: (f) => f.name === "open" && f.on === "directory" && is("EACCES EPERM", f) && once(f),
    outcome: { succeeds: true },
  },
  {
    why: "a directory that is missing is made, and then everything is looked at again",
    when: (f) => f.name === "open" && /directory|staged/.test(f.on) && is("ENOENT", f) && once(f),
    outcome: { succeeds: true },
  },
  {
    why: "a staged name that is taken: another one is",
    when: (f) => f.name === "open" && f.on === "staged" && is("EEXIST", f) && once(f),
    outcome: { succeeds: true },
  },
  {
    why: "a file system without permission bits, or a caller who may not set them",
    when: (f) => f.name === "fchmod" && f.on === "staged" && is("EPERM", f) && goesOn(f),
    outcome: { succeeds: true },
  },
  {
    why: "what was to be removed is gone",
    when: (f) => f.name === "unlink" && is("ENOENT", f) && f.mode === "after",
    outcome: { succeeds: true },
  },
  {
    why: "a directory that cannot be flushed at all",
    when: (f) =>
      f.name === "fsync" && /directory|elsewhere/.test(f.on) && is("EINVAL", f) && once(f),
    outcome: { succeeds: true },
  },
  {
    why: "the same for ever, when the content is flushed already",
    when: (f) => f.name === "fsync" && f.on === "directory" && is("EINVAL", f) && goesOn(f),
    outcome: { maySucceed: true },
  },
];

/** A target that is there can be written in place. */
export const existing: readonly Rule[] = [
  {
    why: "a directory that allows no staged file: the target itself is written",
    when: (f) => f.name === "open" && f.on === "staged" && is("EACCES EPERM EROFS", f) && once(f),
    outcome: { succeeds: true, receipt: { method: "in-place", created: false } },
  },
];

export const renaming: readonly Rule[] = [
  {
    why: "a rename that is impossible: the target itself is written",
    when: (f) =>
      f.name === "rename" && is("EXDEV EBUSY EACCES EPERM", f) && goesOn(f) && f.mode !== "after",
    outcome: { succeeds: true, receipt: { method: "in-place" } },
  },
];

/** Opens the target to see whether the caller may write it: where somebody else owns it. */
export const askingWhetherWritable = (method: "rename" | "in-place"): readonly Rule[] => [
  {
    why: "a running program, or gone by now: for the replacement to find out",
    when: (f) =>
      f.name === "open" &&
      f.on === "target" &&
      f.nth === 1 &&
      is("ETXTBSY ENOENT ELOOP", f) &&
      (method === "rename" ? goesOn(f) : once(f)),
    outcome: { succeeds: true, receipt: { method } },
  },
];

/** `firstOpen`: which open of the target is that for writing in place. */
export const writingInPlace = (firstOpen: number): readonly Rule[] => [
  {
    why: "the directory need not be flushed, but what was written over must be",
    when: (f) =>
      f.name === "fsync" &&
      f.on === "directory" &&
      f.nth === 1 &&
      is("EINVAL", f) &&
      f.mode === "sticky",
    outcome: { effect: "complete", leftover: true },
  },
  {
    why: "a link, or something that is no file, has its place",
    when: (f) =>
      f.name === "open" &&
      f.on === "target" &&
      is("ELOOP ENXIO", f) &&
      (f.nth === firstOpen || (f.mode === "sticky" && is("ELOOP", f))),
    outcome: { code: "ERR_CHANGED", effect: "none" },
  },
  {
    why: "whether the rename happened is not known then; its own error is the first",
    when: (f) => f.name === "lstat" && f.on === "staged",
    outcome: { code: "EBUSY", effect: "unknown" },
  },
  {
    why: "the first bytes are over the old ones, and not all of them",
    when: (f) => f.name === "write" && f.on === "target",
    outcome: { effect: "partial", leftover: true },
  },
  {
    why: "everything is over the old bytes, and the end is not known yet",
    when: (f) => f.name === "read" && f.on === "staged" && f.nth > 1,
    outcome: { effect: "partial", leftover: true },
  },
  {
    why: "the tail of the old content may still be there",
    when: (f) => f.name === "ftruncate",
    outcome: { effect: "partial", leftover: true },
  },
  {
    why: "the content is there, and not known to last",
    when: (f) =>
      /^(fsync|fstat)$/.test(f.name) && f.on === "target" && (f.name === "fsync" || f.nth > 1),
    outcome: { effect: "complete", leftover: true },
  },
  {
    why: "what was written has no name any more",
    when: (f) => f.name === "lstat" && f.on === "target" && f.nth > 1 && is("ENOENT", f),
    outcome: { code: "ERR_CHANGED", effect: "unknown", leftover: true },
  },
  {
    why: "that the name has stayed is looked at as far as it can be",
    when: (f) => f.name === "lstat" && f.on === "target" && f.nth > 1 && goesOn(f),
    outcome: { succeeds: true },
  },
  {
    why: "flushed before, so that the close has nothing to report",
    when: (f) => f.name === "close" && f.on === "target" && f.nth === firstOpen && once(f),
    outcome: { succeeds: true },
  },
];

/** A link in another directory than what it leads to. */
export const followingLink: readonly Rule[] = [
  {
    why: "what is staged beside the link is not needed",
    when: (f) => f.name === "open" && f.on === "staged" && f.nth === 1 && once(f),
    outcome: { succeeds: true },
  },
  {
    why: "nor is the link's directory",
    when: (f) =>
      f.name === "open" && f.on === "elsewhere" && is("EACCES EPERM ENOENT", f) && once(f),
    outcome: { succeeds: true },
  },
  {
    why: "nothing was written to what is closed there",
    when: (f) =>
      f.name === "close" && (f.on === "elsewhere" || (f.on === "staged" && f.nth === 1)) && once(f),
    outcome: { succeeds: true },
  },
  {
    why: "a link that has changed since is looked at again",
    when: (f) => f.name === "readlink" && is("EINVAL ENOENT", f) && once(f),
    outcome: { succeeds: true },
  },
  {
    why: "one that changes all the time is given up",
    when: (f) => f.name === "readlink" && is("EINVAL ENOENT", f) && f.mode === "sticky",
    outcome: { code: "ERR_CHANGED", effect: "none" },
  },
  {
    why: "a link that leads nowhere, or has changed since",
    when: (f) => /^l?stat$/.test(f.name) && f.on === "link" && is("ENOENT", f) && goesOn(f),
    outcome: { succeeds: true },
  },
];

/** Directories are missing: some calls fail anyway, so that an injected failure adds nothing. */
export const makingDirectories: readonly Rule[] = [
  {
    why: "it has failed by itself before the fault could be added",
    when: (f) =>
      f.mode === "after" &&
      ((f.name === "lstat" && f.on === "target") ||
        (f.name === "open" && /directory|staged/.test(f.on) && f.nth === 1) ||
        (f.name === "unlink" && f.on === "staged" && f.nth === 1) ||
        (f.name === "mkdir" && f.on === "directory" && f.nth === 1)),
    outcome: { succeeds: true },
  },
  {
    why: "that the directory is missing is known already",
    when: (f) => f.name === "open" && f.on === "staged" && f.nth === 1 && once(f),
    outcome: { succeeds: true },
  },
  {
    why: "there is nothing to remove",
    when: (f) => f.name === "unlink" && f.on === "staged" && f.nth === 1 && goesOn(f),
    outcome: { succeeds: true },
  },
  {
    why: "its parent is missing: that is made first",
    when: (f) => f.name === "mkdir" && f.nth === 1 && is("ENOENT", f) && once(f),
    outcome: { succeeds: true },
  },
  {
    why: "made by somebody else, and gone again: looked at once more, or that is what is said",
    when: (f) => f.name === "mkdir" && is("EEXIST", f),
    outcome: { maySucceed: true, code: "ENOENT", effect: "none" },
  },
  {
    why: "a parent that may not be read cannot be flushed",
    when: (f) => f.name === "open" && f.on === "elsewhere" && is("EACCES EPERM", f) && once(f),
    outcome: { succeeds: true },
  },
  {
    why: "nothing was written to it",
    when: (f) => f.name === "close" && f.on === "elsewhere" && once(f),
    outcome: { succeeds: true },
  },
];

export const creating: readonly Rule[] = [
  {
    why: "that nothing is there is what is so",
    when: (f) => f.name === "lstat" && f.on === "target" && f.nth === 1 && f.mode === "after",
    outcome: { succeeds: true },
  },
];

/** Reads the target again, just before the rename. */
export const comparing: readonly Rule[] = [
  {
    why: "gone, or a link by now",
    when: (f) =>
      (f.name === "lstat" && f.on === "target" && is("ENOENT", f)) ||
      (f.name === "open" && f.on === "target" && f.nth === 1 && is("ENOENT ELOOP", f)),
    outcome: { code: "ERR_CHANGED", effect: "none" },
  },
  {
    why: "nothing is known of a rename after which nothing can be looked at",
    when: (f) => f.name === "close" && f.on === "target" && f.mode === "dead stop",
    outcome: { effect: "unknown" },
  },
  {
    why: "read only",
    when: (f) => f.name === "close" && f.on === "target" && once(f),
    outcome: { succeeds: true },
  },
];
