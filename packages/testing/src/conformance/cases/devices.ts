import type { CaseGroup } from "../case-group.ts";

/** Between two devices: EXDEV. */
export const devices: CaseGroup = {
  name: "devices",
  cases: {
    "rename does not cross them": `
      rename f second:f -> EXDEV
      rename d second:d -> EXDEV
      rename link second:link -> EXDEV`,
    "rename onto what is there": `
      writeFile second:f 1
      mkdir second:d
      rename f second:f -> EXDEV
      rename d second:d -> EXDEV
      rename second:f f -> EXDEV
      readFile second:f -> "1"`,
    "what is missing comes first": `
      rename missing second:f -> EXDEV
      link missing second:f -> ENOENT`,
    "link does not cross them": `
      link f second:f -> EXDEV
      writeFile second:g 1
      link f second:g -> EEXIST`,
    "symbolic links do": `
      writeFile second:f 1
      mkdir second:d
      rename second:f second:d/f -> ok
      link second:d/f second:g -> ok
      same second:g second:d/f -> same
      symlink @/f second:link
      readFile second:link -> "hello"`,
    "they have numbers of their own": `
      writeFile second:f 1
      stat second:f dev -> not-0
      same f second:f -> different`,
    "copyFile crosses them": `
      copyFile f second:f -> ok
      readFile second:f -> "hello"`,
  },
};

/** A device with little room: ENOSPC. */
export const room: CaseGroup = {
  name: "room",
  cases: {
    "when there is none, writing fails": `
      f = open small:f w
      fill f -> full
      fill f -> full`,
    "what is removed makes room": `
      f = open small:f w
      fill f -> full
      close f
      unlink small:f -> ok
      g = open small:g w
      write g {x*65536} -> 65536`,
    "what is removed while it is open does not": `
      f = open small:f w
      fill f -> full
      unlink small:f
      g = open small:g w
      fill g -> full
      close f
      write g {x*65536} -> 65536`,
    "what is truncated makes room": `
      f = open small:f w
      fill f -> full
      ftruncate f 0 -> ok
      write f {x*65536} 0 -> 65536`,
    "what is written over needs none": `
      f = open small:f w
      fill f -> full
      write f {y*4096} 0 -> 4096`,
    "names can be made and changed": `
      f = open small:f w
      fill f -> full
      writeFile small:empty
      rename small:empty small:other -> ok
      unlink small:other -> ok`,
    "a longer end takes no room": `
      f = open small:f w+
      fill f -> full
      g = open small:g w+
      ftruncate g 1000000 -> ok
      read g 2 999998 -> "\\0\\0"`,
  },
};
