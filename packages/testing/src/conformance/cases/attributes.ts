import type { CaseGroup } from "../case-group.ts";

/** stat(2), inode(7), utimensat(2). */
export const statistics: CaseGroup = {
  name: "stat",
  cases: {
    "of everything": `
      stat f type size nlink mode uid gid -> file 5 1 644 {uid} {gid}
      stat d type mode uid gid -> directory 755 {uid} {gid}
      lstat link type size nlink uid gid -> symlink 1 1 {uid} {gid}
      stat link type size -> file 5
      stat dlink type -> directory`,
    "has a device, an inode and a block size": `
      stat f dev ino blksize -> not-0 not-0 some
      stat d dev ino blksize -> not-0 not-0 some
      lstat link dev ino -> not-0 not-0`,
    numbers: `
      stat f shape -> number
      lstat link shape -> number
      f = open f r
      fstat f shape -> number`,
    bigints: `
      stat f bigint shape -> bigint
      lstat link bigint shape -> bigint
      f = open f r
      fstat f bigint shape size -> bigint 5`,
    "of a descriptor and a path are the same": `
      f = open f r
      fstat f type size mode nlink uid gid -> file 5 644 1 {uid} {gid}
      rename f new
      fstat f size nlink -> 5 1`,
    "two files are two inodes": `
      same f full/x -> different
      same d full -> different
      same link f -> different`,
    statfs: `
      statfs . -> number
      statfs . bigint -> bigint
      statfs f -> number
      statfs missing -> ENOENT`,
    access: `
      access f f -> ok
      access f rw -> ok
      access d rwx -> ok
      access missing f -> ENOENT
      access dangling f -> ENOENT
      access f/x f -> ENOTDIR
      access loop f -> ELOOP
      access f x -> EACCES`,
  },
};

export const times: CaseGroup = {
  name: "times",
  cases: {
    "utimes sets both": `
      utimes f 1000000000 1000000001.5 -> ok
      stat f atime mtime -> 1000000000 1000000001.5`,
    "utimes before 1970": `
      utimes f date:-1 date:-2.5 -> ok
      stat f atime mtime -> -1 -2.5`,
    "utimes after 2038": `
      utimes f 4000000000 5000000000 -> ok
      stat f atime mtime -> 4000000000 5000000000`,
    "utimes of a directory": `
      utimes d 1 2 -> ok
      stat d atime mtime -> 1 2`,
    futimes: `
      f = open f r
      futimes f 1 2.25 -> ok
      stat f atime mtime -> 1 2.25`,
    "as nanoseconds": `
      utimes f 1.5 2.25
      stat f bigint nanoseconds -> 1500000000 2250000000`,
    "what making a name touches": `
      touches d f : writeFile d/x -> d:mtime d:ctime
      touches d f : mkdir d/sub -> d:mtime d:ctime
      touches d f : symlink f d/link -> d:mtime d:ctime
      touches d f : link f d/other -> d:mtime d:ctime f:ctime
      touches d f : mkdtemp d/t- -> d:mtime d:ctime`,
    "what taking a name away touches": `
      link f d/one
      mkdir d/sub
      touches d f : unlink d/one -> d:mtime d:ctime f:ctime
      touches d f : rmdir d/sub -> d:mtime d:ctime`,
    "what a rename touches": `
      touches . d full f : rename f d/f -> .:mtime .:ctime d:mtime d:ctime f:gone
      touches . d full d/f : rename d/f d/g -> d:mtime d:ctime d/f:gone
      touches d full d/g : rename full/x d/g -> d:mtime d:ctime full:mtime full:ctime d/g:mtime d/g:ctime`,
    "what a rename of a directory touches": `
      touches . d full/x : rename full d/full -> .:mtime .:ctime d:mtime d:ctime full/x:gone`,
    "a rename touches what is moved": `
      link f other
      touches other : rename f new -> other:ctime
      touches other d : rename new d/new -> other:ctime d:mtime d:ctime`,
    "a rename between two links touches nothing": `
      link f d/f
      touches . d f : rename f d/f -> nothing`,
    "what opening touches": `
      touches . f : open f r -> nothing
      touches . f : open f r+ -> nothing
      touches . f : open f w -> f:mtime f:ctime
      touches . d : open new w -> .:mtime .:ctime
      touches . f : open missing r -> ENOENT, nothing`,
    "O_TRUNC of an empty file touches it": `
      writeFile e
      touches e : open e w -> e:mtime e:ctime`,
    "what writing touches": `
      f = open f r+
      touches . f : write f J -> f:mtime f:ctime
      touches . f : write f {empty} -> nothing
      touches . f : ftruncate f 2 -> f:mtime f:ctime
      touches . f : ftruncate f 2 -> f:mtime f:ctime
      touches . f : truncate f 2 -> f:mtime f:ctime
      touches . f : fsync f -> nothing`,
    "what reading touches": `
      f = open f r
      touches . f : read f 2 -> nothing
      touches d : readdir d -> nothing
      touches . f : stat f -> nothing
      touches link f : readlink link -> nothing
      touches f : access f r -> nothing`,
    "what attributes touch": `
      touches . f : chmod f 600 -> f:ctime
      touches . f : chmod f 600 -> f:ctime
      touches . f : chown f {uid} {gid} -> f:ctime
      touches . f : utimes f 1 1 -> f:ctime
      touches . f : utimes f 1 3 -> f:mtime f:ctime
      touches link f : lutimes link 5 6 -> link:mtime link:ctime
      touches link f : lchown link {uid} {gid} -> link:ctime
      touches link f : chmod link 640 -> f:ctime`,
    "what fails touches nothing": `
      writeFile d/x 1
      touches . d f : rmdir d -> ENOTEMPTY, nothing
      touches . d f : open f wx -> EEXIST, nothing
      touches . d f : mkdir d -> EEXIST, nothing
      touches . d f : link f d -> EEXIST, nothing`,
    "a hard link's times are the file's": `
      link f other
      utimes f 1 2
      stat other mtime -> 2`,
  },
};
