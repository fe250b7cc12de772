import type { CaseGroup } from "../case-group.ts";

/** proc(5), `/proc/self/fd`: the names of descriptors themselves, and the paths that they tell. */
export const namesOfDescriptors: CaseGroup = {
  name: "names of descriptors",
  cases: {
    "are links": `
      f = open f O_PATH
      lstat fd:f type mode size nlink uid gid -> symlink 0 64 1 {uid} {gid}
      r = open f r
      lstat fd:r type mode -> symlink 500
      w = open f O_WRONLY
      lstat fd:w type mode -> symlink 300
      b = open f r+
      lstat fd:b bigint type mode -> symlink 700
      d = open d O_PATH
      lstat fd:d type -> symlink
      lstat fd:d/ type -> directory
      lstat fd:d/. type -> directory
      l = open link O_PATH|O_NOFOLLOW
      lstat fd:l type size -> symlink 64`,
    "tell where it is": `
      f = open f O_PATH
      d = open d O_PATH
      l = open link O_PATH|O_NOFOLLOW
      k = open link O_PATH
      here = open . O_PATH
      readlink fd:f -> f
      readlink fd:d -> d
      readlink fd:l -> link
      readlink fd:k -> f
      readlink fd:here -> .
      rename f d/g
      readlink fd:f -> d/g
      rename d e
      readlink fd:f -> e/g
      readlink fd:d -> e
      readlink fd:d/ -> EINVAL
      readlink fd:d/. -> EINVAL
      g = open fd:f r
      readlink fd:g -> e/g`,
    "tell which of its names it was opened by": `
      link f d/f
      a = open f O_PATH
      b = open d/f O_PATH
      readlink fd:a -> f
      readlink fd:b -> d/f
      unlink f
      readlink fd:a -> f{space}(deleted)
      readlink fd:b -> d/f
      stat fd:a nlink -> 1
      link d/f f
      readlink fd:a -> f{space}(deleted)
      stat fd:a nlink -> 2`,
    "tell that the name is gone": `
      f = open f O_PATH
      unlink f
      readlink fd:f -> f{space}(deleted)
      writeFile f decoy
      readlink fd:f -> f{space}(deleted)
      l = open link O_PATH|O_NOFOLLOW
      unlink link
      readlink fd:l -> link{space}(deleted)
      stat fd:l type nlink -> symlink 0
      d = open d O_PATH
      rmdir d
      readlink fd:d -> d{space}(deleted)
      mkdir d{space}(deleted)
      e = open d{space}(deleted) O_PATH
      readlink fd:e -> d{space}(deleted)
      same fd:d fd:e -> different`,
    "tell that it was replaced": `
      f = open f O_PATH
      x = open full/x O_PATH
      rename f full/x
      readlink fd:f -> full/x
      readlink fd:x -> full/x{space}(deleted)
      readFile fd:x -> "1"
      readFile fd:f -> "hello"
      mkdir e
      e = open e O_PATH
      d = open d O_PATH
      rename d e
      readlink fd:d -> e
      readlink fd:e -> e{space}(deleted)
      same fd:e/.. . -> same`,
    "tell bytes": `
      mkdir b{0xff}
      d = open b{0xff} O_PATH
      readlink fd:d buffer -> b{0xff}
      writeFile fd:d/c{0xfe} 1
      c = open b{0xff}/c{0xfe} O_PATH
      readlink fd:c buffer -> b{0xff}/c{0xfe}
      unlink fd:d/c{0xfe}
      rmdir b{0xff}
      readlink fd:d buffer -> b{0xff}{space}(deleted)`,
    "realpath goes by what they tell": `
      f = open f O_PATH
      d = open full O_PATH
      l = open link O_PATH|O_NOFOLLOW
      realpath fd:f -> f
      realpath fd:d/x -> full/x
      realpath fd:d/.. -> .
      realpath fd:l -> f
      rename full moved
      realpath fd:d/x -> moved/x
      unlink f
      realpath fd:f -> ENOENT
      realpath fd:l -> ENOENT
      writeFile f{space}(deleted) 1
      realpath fd:f -> f{space}(deleted)`,
    "are not to be changed": `
      d = open d O_PATH
      unlink fd:d -> EPERM
      rm fd:d -> EPERM
      unlink fd:d/ -> ENOTDIR
      rmdir fd:d -> ENOTDIR
      rmdir fd:d/ -> ENOTDIR
      rename fd:d new -> EXDEV
      rename fd:d/ new -> EXDEV
      rename f fd:d -> EXDEV
      rename missing fd:d -> EXDEV
      rename full fd:d -> EXDEV
      rename full fd:d/ -> EXDEV
      rename fd:d fd:d -> ok
      f = open f O_PATH
      rename fd:f fd:d -> EPERM
      unlink fd:f -> EPERM
      stat fd:d type -> directory`,
    "are there already": `
      d = open d O_PATH
      f = open f O_PATH
      mkdir fd:d -> EEXIST
      mkdir fd:d/ -> EEXIST
      mkdir fd:f -> EEXIST
      mkdirs fd:d -> nothing
      symlink x fd:f -> EEXIST
      link f fd:d -> EEXIST
      link missing fd:d -> ENOENT
      open fd:f wx -> EEXIST`,
    "have no links elsewhere": `
      f = open f O_PATH
      d = open d O_PATH
      link fd:f new -> EXDEV
      link fd:d new -> EXDEV
      link fd:f f -> EEXIST
      link fd:f missing/new -> ENOENT
      link fd:f/ new -> ENOTDIR
      link fd:d/ new -> EPERM
      unlink f
      link fd:f new -> EXDEV`,
    "can be led to": `
      d = open full O_PATH
      f = open f O_PATH
      symlink fd:d there
      symlink fd:f file
      rename full moved
      readFile there/x -> "1"
      lstat there type -> symlink
      stat there type -> directory
      same there/. moved -> same
      same there/../f f -> same
      realpath there/x -> moved/x
      open there O_RDONLY|O_NOFOLLOW -> ELOOP
      open file wx -> EEXIST
      unlink f
      readFile file -> "hello"
      g = open file w
      write g x -> 1
      readFile fd:f -> "x"
      unlink there
      unlink file
      lstat f -> ENOENT`,
    "are two links of the forty": `
      d = open d O_PATH
      symlink fd:d s38
      ${Array.from({ length: 38 }, (_, index) => `symlink s${38 - index} s${37 - index}`).join("\n")}
      stat s1 type -> directory
      stat s1/. type -> directory
      stat s0 -> ELOOP
      open s1 O_RDONLY|O_CREAT -> EISDIR
      open s0 O_RDONLY|O_CREAT -> ELOOP`,
  },
};

/** What is left of a directory that was removed while it was open. */
export const gonePlaces: CaseGroup = {
  name: "removed while open",
  cases: {
    "nothing can be made in it": `
      d = open d O_PATH|O_DIRECTORY
      rmdir d
      stat fd:d type nlink -> directory 0
      stat fd:d/. type -> directory
      readdir fd:d -> nothing
      readdir fd:d/ -> nothing
      stat fd:d/x -> ENOENT
      mkdir fd:d/x -> ENOENT
      symlink t fd:d/x -> ENOENT
      link f fd:d/x -> ENOENT
      open fd:d/x w -> ENOENT
      open fd:d/x O_PATH -> ENOENT
      rename f fd:d/x -> ENOENT
      rename missing fd:d/x -> ENOENT
      rename fd:d/x new -> ENOENT
      unlink fd:d/x -> ENOENT
      rmdir fd:d/x -> ENOENT
      mkdtemp fd:d/t- -> ENOENT
      rmdir fd:d/. -> EINVAL
      rmdir fd:d/.. -> ENOTEMPTY
      g = open fd:d O_RDONLY|O_DIRECTORY
      fsync g -> ok
      readlink fd:g -> d{space}(deleted)`,
    "nor by who may not write to it": `
      d = open d O_PATH|O_DIRECTORY
      chmod d 500
      rmdir d
      mkdir fd:d/x -> ENOENT
      open fd:d/x w -> ENOENT
      symlink t fd:d/x -> ENOENT
      link f fd:d/x -> ENOENT
      rename f fd:d/x -> ENOENT`,
    "its attributes go on": `
      d = open d O_PATH|O_DIRECTORY
      rmdir d
      chmod fd:d 700 -> ok
      chmod fd:d/. 710 -> ok
      utimes fd:d 1 2 -> ok
      stat fd:d mode mtime -> 710 2`,
    "dot-dot is where it was": `
      mkdir d/e
      e = open d/e O_PATH|O_DIRECTORY
      rmdir d/e
      same fd:e/.. d -> same
      writeFile d/mark 1
      readFile fd:e/../mark -> "1"
      mkdir fd:e/../new
      rmdir d/new
      rename d full/d
      same fd:e/.. full/d -> same
      readFile fd:e/../mark -> "1"
      readlink fd:e -> full/d/e{space}(deleted)
      same fd:e/../.. full -> same
      mkdir full/d/e
      same fd:e full/d/e -> different
      stat fd:e nlink -> 0`,
    "dot-dot may be gone, too": `
      mkdir d/e
      e = open d/e O_PATH|O_DIRECTORY
      rmdir d/e
      rmdir d
      stat fd:e/.. type nlink -> directory 0
      mkdir fd:e/../x -> ENOENT
      same fd:e/../.. . -> same
      readlink fd:e -> d/e{space}(deleted)
      mkdir d
      mkdir d/e
      writeFile new 1
      same fd:e d/e -> different
      same fd:e/../. d -> different
      same fd:e/../. new -> different
      same fd:e/../. d/e -> different
      stat fd:e/.. nlink -> 0`,
    "a file keeps its content": `
      f = open f O_PATH
      unlink f
      stat fd:f nlink size -> 0 5
      chmod fd:f 600 -> ok
      truncate fd:f 2 -> ok
      readFile fd:f -> "he"
      writeFile fd:f other
      readFile fd:f -> "other"
      copyFile fd:f copied -> ok
      readFile copied -> "other"
      lstat f -> ENOENT`,
  },
};
