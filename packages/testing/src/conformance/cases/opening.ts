import type { CaseGroup } from "../case-group.ts";

/** open(2): what its flags do together. */
export const opening: CaseGroup = {
  name: "open",
  cases: {
    "O_CREAT makes a file that is not there": `
      f = open new O_WRONLY|O_CREAT 600
      write f abc -> 3
      close f
      readFile new -> "abc"
      lstat new type size -> file 3`,
    "O_CREAT leaves a file that is there as it is": `
      chmod f 640
      f = open f O_WRONLY|O_CREAT 777
      close f
      readFile f -> "hello"
      stat f mode -> 640`,
    "O_CREAT through a dangling link makes what it leads to": `
      f = open dangling O_WRONLY|O_CREAT 600
      write f x -> 1
      close f
      tree -> d/ dangling=>missing dlink=>full f=hello full/ full/x=1 link=>f loop=>loop2 loop2=>loop missing=x`,
    "O_CREAT through a link into a directory that is not there": `
      symlink nowhere/x deep
      open deep O_WRONLY|O_CREAT 600 -> ENOENT`,
    "O_CREAT through a chain of dangling links": `
      symlink dangling first
      f = open first w
      close f
      lstat missing type -> file
      lstat first type -> symlink`,
    "O_CREAT through a link that ends in a slash": `
      symlink missing/ slashed
      open slashed w -> EISDIR`,
    "O_EXCL refuses a dangling link": `
      open dangling wx -> EEXIST
      lstat missing -> ENOENT`,
    "O_EXCL refuses a link to a file": `
      open link wx -> EEXIST
      readFile f -> "hello"`,
    "O_EXCL refuses a directory, whatever is asked besides": `
      open d O_RDONLY|O_CREAT|O_EXCL -> EEXIST
      open d O_WRONLY|O_CREAT|O_EXCL -> EEXIST`,
    "O_EXCL does not truncate what it refuses": `
      open f O_WRONLY|O_CREAT|O_EXCL|O_TRUNC -> EEXIST
      readFile f -> "hello"`,
    "O_NOFOLLOW refuses a link at the end": `
      open link O_RDONLY|O_NOFOLLOW -> ELOOP
      open link O_WRONLY|O_CREAT|O_NOFOLLOW -> ELOOP
      open dangling O_WRONLY|O_CREAT|O_NOFOLLOW -> ELOOP
      lstat missing -> ENOENT`,
    "O_NOFOLLOW refuses a link to a directory also with O_DIRECTORY": `
      open dlink O_RDONLY|O_DIRECTORY|O_NOFOLLOW -> ENOTDIR`,
    "O_NOFOLLOW follows links on the way": `
      f = open dlink/x O_RDONLY|O_NOFOLLOW
      read f 5 -> "1"`,
    "O_NOFOLLOW makes a file": `
      f = open new O_WRONLY|O_CREAT|O_NOFOLLOW 600
      close f
      lstat new type -> file`,
    "O_DIRECTORY takes directories only": `
      open f O_RDONLY|O_DIRECTORY -> ENOTDIR
      open link O_RDONLY|O_DIRECTORY -> ENOTDIR
      f = open dlink O_RDONLY|O_DIRECTORY
      fstat f type -> directory`,
    "O_DIRECTORY and writing": `
      open d O_WRONLY|O_DIRECTORY -> EISDIR
      open d O_RDWR|O_DIRECTORY -> EISDIR`,
    "O_TRUNC empties a file": `
      f = open f O_WRONLY|O_TRUNC
      fstat f size -> 0
      close f
      readFile f -> ""`,
    "O_TRUNC through a link": `
      f = open link w
      close f
      lstat link type -> symlink
      readFile f -> ""`,
    "O_TRUNC keeps inode, mode and links": `
      chmod f 640
      link f other
      f = open f w 777
      close f
      same f other -> same
      stat other size mode nlink -> 0 640 2`,
    "O_TRUNC of a file that somebody reads": `
      reader = open f r
      read reader 2 -> "he"
      writer = open f w
      read reader 9 -> ""
      write writer abcdef -> 6
      read reader 9 -> "cdef"`,
    "directories cannot be opened for writing": `
      open d w -> EISDIR
      open d r+ -> EISDIR
      open d a -> EISDIR
      open . r+ -> EISDIR
      open dlink r+ -> EISDIR`,
    "a directory can be opened, flushed and looked at, not read": `
      f = open d r
      fstat f type -> directory
      fsync f -> ok
      fdatasync f -> ok
      read f 1 -> EISDIR`,
    "a directory's descriptor cannot be written or truncated": `
      f = open d r
      write f x -> EBADF
      ftruncate f 0 -> EINVAL`,
    "a descriptor for reading does not write": `
      f = open f r
      write f x -> EBADF
      ftruncate f 0 -> EINVAL
      readFile f -> "hello"`,
    "a descriptor for writing does not read": `
      f = open f O_WRONLY
      read f 1 -> EBADF`,
    "a descriptor for reading flushes, and changes attributes": `
      f = open f r
      fsync f -> ok
      fdatasync f -> ok
      fchmod f 600 -> ok
      futimes f 1 2 -> ok
      fstat f mode mtime -> 600 2`,
    "the letters of Node": `
      open missing r -> ENOENT
      open missing r+ -> ENOENT
      a = open made-by-w w
      b = open made-by-a a
      c = open made-by-wx wx
      d = open made-by-ax ax
      e = open made-by-w+ w+
      f = open made-by-a+ a+
      open f wx+ -> EEXIST
      open f ax -> EEXIST
      open f ax+ -> EEXIST
      open f xw -> EEXIST
      write e abc -> 3
      read e 3 0 -> "abc"
      write f abc -> 3
      read f 3 0 -> "abc"
      read a 1 -> EBADF
      read b 1 -> EBADF`,
    "rs+ and as are synchronous": `
      f = open f rs+
      write f J -> 1
      g = open f as
      write g ! -> 1
      readFile f -> "Jello!"`,
    "an unknown letter is refused": `
      open f q -> ERR_INVALID_ARG_VALUE`,
    "two descriptors have two positions": `
      one = open f r
      two = open f r
      read one 2 -> "he"
      read two 3 -> "hel"
      read one 3 -> "llo"`,
    "what one descriptor writes the other reads": `
      one = open f r+
      two = open link r
      write one J -> 1
      read two 5 -> "Jello"`,
  },
};
