import type { CaseGroup } from "../case-group.ts";

const usual =
  "d/ dangling=>missing dlink=>full f=hello full/ full/x=1 link=>f loop=>loop2 loop2=>loop";

/** rename(2): what replaces what, and what does not move. */
export const renaming: CaseGroup = {
  name: "rename",
  cases: {
    "a file to a new name": `
      rename f new -> ok
      lstat f -> ENOENT
      readFile new -> "hello"`,
    "a file onto a file": `
      writeFile other old
      rename f other -> ok
      lstat f -> ENOENT
      readFile other -> "hello"`,
    "keeps inode, mode and times": `
      chmod f 640
      utimes f 1 2
      link f before
      rename f new
      same before new -> same
      stat new mode mtime nlink -> 640 2 2`,
    "onto itself": `
      rename f f -> ok
      readFile f -> "hello"`,
    "a directory onto itself": `
      rename full full -> ok
      readdir full -> x`,
    "between two links of one file does nothing": `
      link f other
      rename f other -> ok
      same f other -> same
      stat f nlink -> 2`,
    "onto one of two links lets the other be": `
      link full/x other
      rename f full/x
      readFile other -> "1"
      stat other nlink -> 1`,
    "a file onto a directory": `
      rename f d -> EISDIR
      rename f full -> EISDIR`,
    "a directory onto a file": `
      rename d f -> ENOTDIR
      rename d link -> ENOTDIR`,
    "a directory onto an empty one": `
      rename full d -> ok
      readdir d -> x
      lstat full -> ENOENT`,
    "a directory onto one that is not empty": `
      mkdir more
      writeFile more/y 2
      rename more full -> ENOTEMPTY
      rename d full -> ENOTEMPTY`,
    "a directory into itself": `
      rename d d/new -> EINVAL
      rename full full/x -> EINVAL
      mkdir full/sub
      rename full full/sub -> EINVAL
      rename full full/sub/new -> EINVAL`,
    "a directory into itself by way of a link": `
      rename full dlink/new -> EINVAL`,
    "onto a directory that it is in": `
      mkdir full/sub
      rename full/sub full -> ENOTEMPTY
      rename full/x full -> ENOTEMPTY`,
    "a directory to a new name keeps what is in it": `
      rename full new -> ok
      tree new -> x=1
      readFile dlink/x -> ENOENT`,
    "a directory into another": `
      rename full d/full -> ok
      readFile d/full/x -> "1"
      readdir d/full/.. -> full`,
    "a link is moved, not what it leads to": `
      rename link new -> ok
      readlink new -> f
      readFile f -> "hello"`,
    "a dangling link, and a loop": `
      rename dangling new -> ok
      readlink new -> missing
      rename loop other -> ok
      readlink other -> loop2`,
    "onto a link replaces the link": `
      rename f link -> ok
      lstat link type -> file
      rename full/x dlink -> ok
      lstat dlink type -> file
      readdir full -> nothing`,
    "onto a dangling link replaces it": `
      rename f dangling -> ok
      lstat dangling type -> file
      lstat missing -> ENOENT`,
    "a directory onto a link to a directory": `
      rename d dlink -> ENOTDIR`,
    "a link onto a directory": `
      rename link d -> EISDIR
      rename dlink d -> EISDIR`,
    "with slashes at the end of directories": `
      rename full/ new/ -> ok
      readdir new -> x`,
    "into a directory that is not there": `
      rename f nowhere/f -> ENOENT
      rename d nowhere/d -> ENOENT`,
    "a file that is open": `
      f = open f r+
      rename f new
      write f J -> 1
      readFile new -> "Jello"`,
    "onto a file that is open": `
      writeFile other old
      f = open other r
      rename f other
      read f 9 -> "old"
      fstat f nlink -> 0
      readFile other -> "hello"`,
    "a failure leaves both": `
      rename full d/. -> EBUSY
      rename missing f -> ENOENT
      tree -> ${usual}`,
    "a name of 255 bytes": `
      rename f {a*255} -> ok
      rename {a*255} {b*256} -> ENAMETOOLONG
      readFile {a*255} -> "hello"`,
  },
};

/** link(2), unlink(2). */
export const linking: CaseGroup = {
  name: "link and unlink",
  cases: {
    "two names, one file": `
      link f new -> ok
      same f new -> same
      stat f nlink -> 2
      writeFile new changed
      readFile f -> "changed"
      chmod f 600
      stat new mode -> 600`,
    "the file lives until its last name is gone": `
      link f new
      unlink f -> ok
      readFile new -> "hello"
      stat new nlink -> 1`,
    "a new name has to be new": `
      link f d -> EEXIST
      link f full/x -> EEXIST
      link f dangling -> EEXIST
      link f f -> EEXIST`,
    "no link to a directory": `
      link d new -> EPERM
      link full full/new -> EPERM`,
    "a link to a symbolic link": `
      link link new -> ok
      lstat new type nlink -> symlink 2
      readlink new -> f
      same link new -> same`,
    "a link to a dangling link": `
      link dangling new -> ok
      readlink new -> missing`,
    "into another directory": `
      link f d/f -> ok
      same f d/f -> same`,
    "unlink takes the link, not what it leads to": `
      unlink link -> ok
      readFile f -> "hello"
      unlink dlink -> ok
      readdir full -> x`,
    "unlink of a directory": `
      unlink d -> EISDIR
      unlink full -> EISDIR`,
    "unlink leaves nothing": `
      unlink f -> ok
      unlink full/x -> ok
      tree -> d/ dangling=>missing dlink=>full full/ link=>f loop=>loop2 loop2=>loop
      stat link -> ENOENT`,
    "an open file lives on without a name": `
      f = open f r+
      unlink f
      fstat f nlink size -> 0 5
      read f 9 -> "hello"
      write f ! -> 1
      read f 9 0 -> "hello!"
      ftruncate f 2 -> ok
      fchmod f 600 -> ok
      fsync f -> ok
      fstat f size mode -> 2 600
      readFile f -> ENOENT`,
    "a new file under the name of one that is open is another": `
      f = open f r
      unlink f
      writeFile f new
      read f 9 -> "hello"
      readFile f -> "new"`,
    "two descriptors of a file without a name": `
      one = open f r+
      two = open f r
      unlink f
      close one
      read two 9 -> "hello"`,
    "an open directory lives on without a name": `
      f = open d r
      rmdir d
      fstat f type nlink -> directory 0
      fsync f -> ok`,
    "nothing is made in a directory that is gone": `
      rmdir d
      writeFile d/x 1 -> ENOENT
      mkdir d/x -> ENOENT
      link f d/x -> ENOENT
      rename f d/x -> ENOENT`,
  },
};
