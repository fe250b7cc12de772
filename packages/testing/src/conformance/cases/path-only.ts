import type { CaseGroup } from "../case-group.ts";

/** open(2), O_PATH: a descriptor that stands for a place, and asks nothing of what is there. */
export const pathOnly: CaseGroup = {
  name: "O_PATH",
  cases: {
    "asks nothing of a file": `
      chmod f 0
      f = open f O_PATH
      fstat f type size mode -> file 5 0
      fstat f bigint type size -> file 5
      close f -> ok`,
    "asks nothing of a directory": `
      chmod full 0
      f = open full O_PATH|O_DIRECTORY
      fstat f type mode -> directory 0
      close f -> ok`,
    "takes a link itself, with O_NOFOLLOW": `
      f = open link O_PATH|O_NOFOLLOW
      fstat f type size -> symlink 1
      g = open dangling O_PATH|O_NOFOLLOW
      fstat g type size -> symlink 7
      h = open loop O_PATH|O_NOFOLLOW
      fstat h type -> symlink
      close f -> ok`,
    "follows a link, without": `
      f = open link O_PATH
      fstat f type size -> file 5
      g = open dlink O_PATH|O_DIRECTORY
      fstat g type -> directory
      open dangling O_PATH -> ENOENT
      open loop O_PATH -> ELOOP`,
    "a slash follows the link": `
      f = open dlink/ O_PATH|O_NOFOLLOW
      fstat f type -> directory
      g = open dlink/ O_PATH|O_NOFOLLOW|O_DIRECTORY
      fstat g type -> directory
      open link/ O_PATH|O_NOFOLLOW -> ENOTDIR
      open f/ O_PATH -> ENOTDIR
      open dangling/ O_PATH|O_NOFOLLOW -> ENOENT`,
    "with O_DIRECTORY a directory only": `
      open link O_PATH|O_NOFOLLOW|O_DIRECTORY -> ENOTDIR
      open dlink O_PATH|O_NOFOLLOW|O_DIRECTORY -> ENOTDIR
      open loop O_PATH|O_NOFOLLOW|O_DIRECTORY -> ENOTDIR
      open f O_PATH|O_NOFOLLOW|O_DIRECTORY -> ENOTDIR
      open f O_PATH|O_DIRECTORY -> ENOTDIR`,
    "creates nothing and truncates nothing": `
      open new O_PATH|O_CREAT 600 -> ENOENT
      open new O_PATH|O_CREAT|O_EXCL 600 -> ENOENT
      open dangling O_PATH|O_CREAT 600 -> ENOENT
      f = open f O_PATH|O_CREAT|O_EXCL
      g = open f O_PATH|O_WRONLY|O_TRUNC
      h = open d O_PATH|O_RDWR|O_CREAT|O_TRUNC|O_APPEND
      i = open d/ O_PATH|O_CREAT
      fstat i type -> directory
      open f O_PATH|O_CREAT|O_DIRECTORY -> ENOTDIR
      write g x -> EBADF
      readFile f -> "hello"`,
    ...Object.fromEntries(
      ["f O_PATH", "link O_PATH|O_NOFOLLOW", "d O_PATH|O_DIRECTORY"].map((what) => [
        `is not for use: ${what}`,
        `f = open ${what}|O_RDWR
         read f 1 -> EBADF
         read f 1 0 -> EBADF
         write f x -> EBADF
         write f x 0 -> EBADF
         fchmod f 600 -> EBADF
         fchown f {uid} {gid} -> EBADF
         futimes f 1 2 -> EBADF
         ftruncate f 0 -> EBADF
         fsync f -> EBADF
         fdatasync f -> EBADF
         fstat f nlink -> ${what.startsWith("d") ? 2 : 1}
         close f -> ok`,
      ]),
    ),
  },
};

/** The same with permissions, for the owner of a file who is not root. */
export const pathOnlyOfOwner: CaseGroup = {
  name: "O_PATH for the owner",
  user: "other",
  cases: {
    "needs search on the way": `
      chmod full 600
      open full/x O_PATH -> EACCES
      open full/missing O_PATH -> EACCES
      open dlink/x O_PATH|O_NOFOLLOW -> EACCES
      open full/. O_PATH -> EACCES
      f = open full O_PATH
      fstat f mode -> 600`,
    "needs nothing else": `
      chmod full/x 0
      chmod full 100
      open full/x r -> EACCES
      f = open full/x O_PATH
      fstat f type mode -> file 0`,
  },
};
