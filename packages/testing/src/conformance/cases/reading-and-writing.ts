import type { CaseGroup } from "../case-group.ts";

/** read(2), write(2), pread(2), pwrite(2), ftruncate(2): positions, ends and holes. */
export const readingAndWriting: CaseGroup = {
  name: "read and write",
  cases: {
    "reading goes on where it ended": `
      f = open f r
      read f 2 -> "he"
      read f 2 -> "ll"
      read f 2 -> "o"
      read f 2 -> ""`,
    "reading nothing": `
      f = open f r
      read f 0 -> ""
      read f 5 -> "hello"`,
    "reading at a position leaves the position of the descriptor": `
      f = open f r
      read f 2 3 -> "lo"
      read f 2 -> "he"
      read f 9 4 -> "o"
      read f 2 -> "ll"`,
    "reading at and past the end": `
      f = open f r
      read f 3 5 -> ""
      read f 3 500 -> ""
      read f 3 5000000000 -> ""`,
    "writing goes on where it ended": `
      f = open f r+
      write f JE -> 2
      write f LL -> 2
      readFile f -> "JELLo"`,
    "writing at a position leaves the position of the descriptor": `
      f = open f r+
      write f L 2 -> 1
      write f J -> 1
      readFile f -> "JeLlo"`,
    "writing over the end makes it longer": `
      f = open f r+
      write f p! 4 -> 2
      fstat f size -> 6
      readFile f -> "hellp!"`,
    "writing past the end leaves zeros between": `
      f = open f r+
      write f ! 8 -> 1
      fstat f size -> 9
      readFile f -> "hello\\0\\0\\0!"`,
    "writing nothing past the end changes nothing": `
      f = open f r+
      write f {empty} 100 -> 0
      fstat f size -> 5`,
    "writing far away makes a hole": `
      f = open new w+
      write f end 1048576 -> 3
      fstat f size -> 1048579
      read f 4 0 -> "\\0\\0\\0\\0"
      read f 4 1048575 -> "\\0end"`,
    "reading and writing share one position": `
      f = open f r+
      read f 2 -> "he"
      write f X -> 1
      read f 9 -> "lo"
      readFile f -> "heXlo"`,
    "appending goes to the end, wherever it is": `
      f = open f a
      g = open f r+
      write f 1 -> 1
      write g {a*8} 0 -> 8
      write f 2 -> 1
      readFile f -> "aaaaaaaa2"`,
    "appending at a position appends on Linux": `
      f = open f a+
      write f ! 0 -> 1
      readFile f -> "hello!"
      read f 9 0 -> "hello!"`,
    "appending moves the position to the end": `
      f = open f a+
      read f 2 -> "he"
      write f ! -> 1
      read f 9 -> ""`,
    "two that append do not overwrite each other": `
      one = open f a
      two = open f a
      write one 1 -> 1
      write two 2 -> 1
      write one 3 -> 1
      readFile f -> "hello123"`,
    "what is cut off under a descriptor": `
      f = open f r+
      read f 4 -> "hell"
      truncate f 2
      read f 9 -> ""
      write f X -> 1
      readFile f -> "he\\0\\0X"`,
    "truncate cuts": `
      truncate f 2 -> ok
      readFile f -> "he"
      truncate f -> ok
      readFile f -> ""`,
    "truncate fills with zeros": `
      truncate f 8 -> ok
      readFile f -> "hello\\0\\0\\0"`,
    "what was cut off does not come back": `
      truncate f 1
      truncate f 5
      readFile f -> "h\\0\\0\\0\\0"`,
    "ftruncate cuts and fills, and leaves the position": `
      f = open f r+
      read f 3 -> "hel"
      ftruncate f 4 -> ok
      read f 9 -> "l"
      ftruncate f 6 -> ok
      read f 9 -> "\\0\\0"
      ftruncate f -> ok
      fstat f size -> 0`,
    "ftruncate to gigabytes takes no room": `
      f = open new w+
      ftruncate f 3000000000 -> ok
      fstat f size -> 3000000000
      read f 2 2999999999 -> "\\0"
      ftruncate f 0 -> ok`,
    "truncate goes through links": `
      truncate link 1 -> ok
      readFile f -> "h"
      lstat link type -> symlink`,
    "bytes are bytes": `
      f = open new w
      write f {0x00}{0xff}{0x80} -> 3
      close f
      stat new size -> 3
      readFile new -> "\\0ÿ\u0080"`,
    "readv fills one buffer after the other": `
      f = open f r
      readv f 2 2 9 -> 5 "hello\\0\\0\\0\\0\\0\\0\\0\\0"
      readv f 3 -> 0 "\\0\\0\\0"`,
    "writev writes one buffer after the other": `
      f = open new w
      writev f ab c de -> 5
      close f
      readFile new -> "abcde"`,
    "flushing shows what was written": `
      f = open new w
      write f abc
      fsync f -> ok
      fdatasync f -> ok
      readFile new -> "abc"`,
  },
};

/** Only here is it certain that nobody else was given the number in between. */
export const descriptors: CaseGroup = {
  name: "descriptors",
  faces: ["sync"],
  cases: {
    "a position as a bigint": `
      f = open f r
      read f 2 3n -> "lo"`,
    "closing twice": `
      f = open f r
      close f -> ok
      close f -> EBADF`,
    "nothing works on a closed one": `
      f = open f r+
      close f
      read f 1 -> EBADF
      write f x -> EBADF
      fstat f size -> EBADF
      fchmod f 600 -> EBADF
      fchown f {uid} {gid} -> EBADF
      futimes f 1 2 -> EBADF
      ftruncate f 0 -> EBADF
      fsync f -> EBADF
      fdatasync f -> EBADF`,
    "the lowest free number is given": `
      one = open f r
      two = open f r
      close one
      again = open d r
      fstat one type -> directory`,
  },
};
