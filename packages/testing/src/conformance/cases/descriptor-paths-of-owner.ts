import type { CaseGroup } from "../case-group.ts";

/** `descriptor-paths.ts` with permissions, for the owner of a file who is not root. */
export const descriptorPathsOfOwner: CaseGroup = {
  name: "descriptor paths for the owner",
  user: "other",
  cases: {
    "opening again asks for the permission": `
      f = open f r
      chmod f 200
      open fd:f r -> EACCES
      g = open fd:f O_WRONLY
      chmod f 400
      open fd:f O_WRONLY -> EACCES
      open fd:f O_RDONLY|O_TRUNC -> EACCES
      open fd:f r+ -> EACCES
      truncate fd:f 0 -> EACCES
      access fd:f w -> EACCES
      chmod f 0
      h = open fd:f O_PATH
      chmod fd:f 600 -> ok
      readFile fd:h -> "hello"`,
    "and not for the way": `
      chmod full/x 600
      x = open full/x O_PATH
      d = open full O_PATH
      chmod full 0
      readFile full/x -> EACCES
      readFile fd:x -> "1"
      chmod fd:x 640 -> ok
      stat fd:d/x -> EACCES
      stat fd:d/. -> EACCES
      stat fd:d/.. -> EACCES
      open fd:d/. O_PATH -> EACCES
      stat fd:d/ type -> directory
      readdir fd:d -> EACCES
      open fd:d r -> EACCES
      realpath fd:d -> full
      realpath fd:x -> EACCES
      readlink fd:x -> full/x
      chmod fd:d 300
      readdir fd:d -> EACCES
      readFile fd:d/x -> "1"
      writeFile fd:d/y 2
      chmod fd:d 500
      unlink fd:d/y -> EACCES`,
    "dot-dot asks for search": `
      mkdir full/in
      mkdir full/in/sub
      s = open full/in O_PATH
      chmod full 0
      same fd:s/.. full -> same
      stat fd:s/../in -> EACCES
      stat fd:s/../.. -> EACCES
      stat fd:s/sub/../../in -> EACCES`,
    "what is of others stays theirs": `
      root: writeFile theirs 1
      root: chmod theirs 600
      t = open theirs O_PATH
      fstat t size uid -> 1 0
      open fd:t r -> EACCES
      open fd:t O_WRONLY -> EACCES
      chmod fd:t 666 -> EPERM
      chown fd:t {uid} {gid} -> EPERM
      utimes fd:t 1 2 -> EPERM
      truncate fd:t 0 -> EACCES
      copyFile fd:t new -> EACCES
      lutimes fd:t 1 2 -> ok
      lchown fd:t {uid} {gid} -> ok
      fstat t uid -> 0`,
    "others' links have no mode to change": `
      root: symlink x theirs
      l = open theirs O_PATH|O_NOFOLLOW
      chmod fd:l 600 -> ENOTSUP
      utimes fd:l 1 2 -> EPERM`,
  },
};
