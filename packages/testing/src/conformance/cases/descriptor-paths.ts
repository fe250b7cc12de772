import type { CaseGroup } from "../case-group.ts";

/** proc(5), `/proc/self/fd`: what a call by the path of a descriptor acts on. */
export const descriptorPaths: CaseGroup = {
  name: "descriptor paths",
  cases: {
    "stat is of what is open": `
      f = open f O_PATH
      d = open d O_PATH|O_DIRECTORY
      stat fd:f type size -> file 5
      same fd:f f -> same
      stat fd:d type -> directory
      same fd:d d -> same
      same fd:d fd:f -> different
      access fd:f r -> ok
      access fd:f x -> EACCES
      statfs fd:d -> number`,
    "stat of an open link goes no further": `
      l = open link O_PATH|O_NOFOLLOW
      stat fd:l type size -> symlink 1
      same fd:l link -> same
      access fd:l rwx -> ok
      x = open loop O_PATH|O_NOFOLLOW
      stat fd:x type -> symlink`,
    "a file is opened again": `
      f = open f O_PATH
      g = open fd:f r+
      same fd:g f -> same
      read g 5 -> "hello"
      read f 1 -> EBADF
      write g ! -> 1
      readFile fd:f -> "hello!"
      h = open fd:f O_PATH
      same fd:h f -> same
      read h 1 -> EBADF
      i = open fd:g r
      read i 2 -> "he"`,
    "it is opened again where it is by now": `
      f = open f O_PATH
      rename f d/moved
      writeFile f decoy
      readFile fd:f -> "hello"
      unlink d/moved
      readFile fd:f -> "hello"
      g = open fd:f a
      write g ! -> 1
      fstat g size nlink -> 6 0
      readFile fd:f -> "hello!"
      readFile f -> "decoy"`,
    "O_TRUNC and O_APPEND": `
      f = open f O_PATH
      g = open fd:f O_WRONLY|O_APPEND
      write g ! 0 -> 1
      readFile f -> "hello!"
      h = open fd:f O_WRONLY|O_TRUNC
      write h x -> 1
      readFile f -> "x"
      writeFile fd:f whole
      readFile f -> "whole"
      appendFile fd:f more
      readFile f -> "wholemore"`,
    "O_CREAT makes nothing": `
      f = open f O_PATH
      unlink f
      g = open fd:f O_RDWR|O_CREAT 600
      read g 5 -> "hello"
      open fd:f O_RDWR|O_CREAT|O_EXCL -> EEXIST
      open fd:f O_RDWR|O_CREAT|O_NOFOLLOW -> ELOOP
      open fd:f O_RDONLY|O_CREAT|O_DIRECTORY -> EINVAL
      open fd:f/ w -> EISDIR
      d = open d O_PATH
      open fd:d w -> EISDIR
      open fd:d O_RDONLY|O_CREAT -> EISDIR
      open fd:d O_RDONLY|O_CREAT|O_EXCL -> EEXIST
      tree d -> nothing`,
    "a link that is open cannot be opened for use": `
      l = open link O_PATH|O_NOFOLLOW
      open fd:l r -> ELOOP
      open fd:l r+ -> ELOOP
      open fd:l w -> ELOOP
      open fd:l O_RDONLY|O_DIRECTORY -> ENOTDIR
      open fd:l O_PATH|O_DIRECTORY -> ENOTDIR
      truncate fd:l 0 -> ELOOP
      copyFile fd:l new -> ELOOP
      readFile fd:l -> ELOOP
      readdir fd:l -> ENOTDIR
      k = open fd:l O_PATH
      fstat k type -> symlink
      same fd:k link -> same`,
    "a directory is opened again": `
      f = open full O_PATH|O_DIRECTORY
      g = open fd:f O_RDONLY|O_DIRECTORY
      fstat g type -> directory
      fsync g -> ok
      readdir fd:f -> x
      readdir fd:f/ -> x
      list fd:f -> x
      opendir fd:f -> x
      open fd:f O_WRONLY -> EISDIR
      open fd:f r+ -> EISDIR
      k = open f O_PATH
      open fd:k O_RDONLY|O_DIRECTORY -> ENOTDIR
      readdir fd:k -> ENOTDIR
      opendir fd:k -> ENOTDIR`,
    "its name is a link that O_NOFOLLOW does not follow": `
      f = open f O_PATH
      d = open d O_PATH
      open fd:f O_RDONLY|O_NOFOLLOW -> ELOOP
      open fd:d O_RDONLY|O_NOFOLLOW -> ELOOP
      open fd:d O_RDONLY|O_NOFOLLOW|O_DIRECTORY -> ENOTDIR
      open fd:d O_PATH|O_NOFOLLOW|O_DIRECTORY -> ENOTDIR
      g = open fd:d/ O_RDONLY|O_NOFOLLOW|O_DIRECTORY
      same fd:g d -> same`,
    "the name itself can be opened as a place": `
      f = open f O_PATH
      m = open fd:f O_PATH|O_NOFOLLOW
      fstat m type mode size -> symlink 0 64
      stat fd:m type -> symlink
      open fd:m r -> ELOOP
      stat fd:m/x -> ENOTDIR
      same fd:m f -> different
      readFile fd:f -> "hello"`,
    "mode, times and length are those of what is open": `
      f = open f O_PATH
      rename f d/moved
      writeFile f decoy
      chmod f 644
      chmod fd:f 600 -> ok
      utimes fd:f 3 4 -> ok
      stat d/moved mode mtime -> 600 4
      stat f mode -> 644
      chown fd:f {uid} {gid} -> ok
      truncate fd:f 2 -> ok
      readFile d/moved -> "he"
      readFile f -> "decoy"
      d = open d O_PATH
      truncate fd:d 0 -> EISDIR
      chmod fd:d 700 -> ok
      stat d mode -> 700`,
    "those of a link, except its mode": `
      l = open link O_PATH|O_NOFOLLOW
      chmod fd:l 600 -> ENOTSUP
      utimes fd:l 3 4 -> ok
      lstat link mtime -> 4
      chown fd:l {uid} {gid} -> ok
      stat f mode -> 644`,
    "lutimes and lchown are about the name": `
      f = open f O_PATH
      utimes f 1 2
      lutimes fd:f 3 4 -> ok
      lchown fd:f {uid} {gid} -> ok
      stat f mtime -> 2
      touches fd:f : lutimes fd:f 7 8 -> nothing
      touches fd:f : lchown fd:f {uid} {gid} -> nothing`,
    "copyFile from one to another": `
      f = open f O_PATH
      unlink f
      copyFile fd:f new -> ok
      readFile new -> "hello"
      n = open new O_PATH
      rename new d/new
      copyFile full/x fd:n -> ok
      readFile d/new -> "1"
      copyFile fd:f fd:n exclusive -> EEXIST
      d = open d O_PATH
      readFile fd:d -> EISDIR`,
    "names in what is open": `
      d = open d O_PATH|O_DIRECTORY
      rename d moved
      mkdir d
      writeFile fd:d/f 1
      mkdir fd:d/sub
      mkdirs fd:d/a/b
      symlink f fd:d/l
      link fd:d/f fd:d/g
      rename fd:d/g fd:d/h
      stat fd:d/l type -> file
      lstat fd:d/l type -> symlink
      readlink fd:d/l -> f
      open fd:d/l O_RDONLY|O_NOFOLLOW -> ELOOP
      unlink fd:d/f
      rmdir fd:d/sub
      rename f fd:d/k
      rename fd:d/k out
      rm fd:d/a recursive
      tree d -> nothing
      tree moved -> h=1 l=>f
      readFile out -> "hello"`,
    "dot-dot is where it is by now": `
      mkdir d/e
      mkdir d/e/g
      writeFile d/mark d
      writeFile full/mark full
      e = open d/e O_PATH|O_DIRECTORY
      same fd:e/.. d -> same
      same fd:e/../. d -> same
      same fd:e/../.. . -> same
      same fd:e/../../. . -> same
      readFile fd:e/../mark -> "d"
      readFile fd:e/g/../../mark -> "d"
      readFile fd:e/../../f -> "hello"
      rename d/e full/e2
      same fd:e/.. full -> same
      readFile fd:e/../mark -> "full"
      readFile fd:e/g/../../mark -> "full"
      rename full moved
      readFile fd:e/../mark -> "full"
      same fd:e/../../moved/e2 fd:e -> same
      stat fd:e/../e2 type -> directory
      stat fd:e/../e -> ENOENT
      rmdir fd:e/.. -> ENOTEMPTY
      rmdir fd:e/. -> EINVAL
      unlink fd:e/.. -> EISDIR
      rename fd:e/. new -> EBUSY
      rename fd:e/.. new -> EBUSY
      unlink fd:e/../../d/mark -> ok
      rmdir fd:e/../../d -> ok`,
    "a file is no way": `
      f = open f O_PATH
      l = open dlink O_PATH|O_NOFOLLOW
      stat fd:f/ -> ENOTDIR
      stat fd:f/x -> ENOTDIR
      stat fd:f/. -> ENOTDIR
      stat fd:f/.. -> ENOTDIR
      mkdir fd:f/x -> ENOTDIR
      rename f fd:f/x -> ENOTDIR
      stat fd:l/ -> ENOTDIR
      lstat fd:l/ -> ENOTDIR
      readlink fd:l/ -> ENOTDIR
      stat fd:l/x -> ENOTDIR
      readdir fd:l/ -> ENOTDIR
      open fd:l/ O_PATH -> ENOTDIR`,
    "what attributes touch": `
      f = open f O_PATH
      touches fd:f . : chmod fd:f 600 -> fd:f:ctime
      touches fd:f . : chown fd:f {uid} {gid} -> fd:f:ctime
      touches fd:f . : utimes fd:f 1 3 -> fd:f:mtime fd:f:ctime
      touches fd:f . : truncate fd:f 2 -> fd:f:mtime fd:f:ctime
      touches fd:f . : open fd:f w -> fd:f:mtime fd:f:ctime
      touches fd:f . : open fd:f O_PATH -> nothing
      touches fd:f . : open fd:f r+ -> nothing`,
    "what names touch": `
      d = open d O_PATH
      f = open f O_PATH
      touches fd:d fd:f : link f fd:d/f -> fd:d:mtime fd:d:ctime fd:f:ctime
      touches fd:d fd:f : rename d/f fd:d/g -> fd:d:mtime fd:d:ctime fd:f:ctime
      touches fd:d fd:f . : rename fd:d/g out -> fd:d:mtime fd:d:ctime fd:f:ctime .:mtime .:ctime
      touches fd:d fd:f . : unlink out -> fd:f:ctime .:mtime .:ctime
      touches fd:d fd:f . : unlink f -> fd:f:ctime .:mtime .:ctime
      touches . fd:d : rename d e -> .:mtime .:ctime fd:d:ctime
      touches . full fd:d : rename e full/e -> .:mtime .:ctime full:mtime full:ctime fd:d:ctime
      touches full fd:d : rmdir full/e -> full:mtime full:ctime fd:d:ctime`,
    "a rename touches what it replaces": `
      writeFile over 1
      link over kept
      o = open over O_PATH
      f = open f O_PATH
      touches fd:o fd:f . : rename f over -> fd:o:ctime fd:f:ctime .:mtime .:ctime
      stat fd:o nlink -> 1
      mkdir e
      e = open e O_PATH
      d = open d O_PATH
      touches fd:e fd:d . : rename d e -> fd:e:ctime fd:d:ctime .:mtime .:ctime
      stat fd:e nlink -> 0`,
  },
};
