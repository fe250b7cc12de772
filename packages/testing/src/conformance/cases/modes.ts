import type { CaseGroup } from "../case-group.ts";

/** umask(2), and the modes that calls ask for. `{666~}` is what the umask leaves of 666. */
export const creationModes: CaseGroup = {
  name: "creation modes",
  cases: {
    "by default": `
      f = open new w
      stat new mode -> {666~}
      mkdir sub
      stat sub mode -> {777~}
      writeFile file x
      stat file mode -> {666~}
      appendFile more x
      stat more mode -> {666~}`,
    ...Object.fromEntries(
      ["0", "400", "444", "600", "640", "644", "666", "700", "755", "777", "1777"].map((mode) => [
        `of ${mode}`,
        `f = open new w ${mode}
         stat new mode -> {${mode}~}
         mkdir sub ${mode}
         stat sub mode -> {${mode}~}
         writeFile file x w ${mode}
         stat file mode -> {${mode}~}`,
      ]),
    ),
    "a descriptor may do what the mode forbids": `
      f = open new wx+ 0
      stat new mode -> 0
      write f x -> 1
      read f 1 0 -> "x"`,
    "set-ID bits are kept on files, not on directories": `
      f = open new w 6755
      stat new mode -> {6755~}
      mkdir sub 6755
      stat sub mode -> {755~}`,
    "mkdtemp is for its owner only": `
      mkdtempMode d/t- -> {700~}`,
    "links have no mode of their own": `
      symlink f new
      lstat new mode -> 777`,
    "chmod does not ask the umask": `
      chmod f 666 -> ok
      stat f mode -> 666
      chmod d 777 -> ok
      stat d mode -> 777`,
  },
};

/** chmod(2), and the bits beyond 777: inode(7). */
export const modes: CaseGroup = {
  name: "modes",
  cases: {
    chmod: `
      chmod f 0 -> ok
      stat f mode -> 0
      chmod f 777 -> ok
      stat f mode -> 777
      chmod f 7777 -> ok
      stat f mode -> 7777
      chmod d 1777 -> ok
      stat d mode type -> 1777 directory`,
    fchmod: `
      f = open f r
      fchmod f 600 -> ok
      fstat f mode -> 600
      g = open d r
      fchmod g 700 -> ok
      stat d mode -> 700`,
    "a set-group-ID directory hands itself on": `
      chmod d 2755
      mkdir d/sub 700
      stat d/sub mode gid -> {2700~} {gid}
      mkdir d/sub/sub 700
      stat d/sub/sub mode -> {2700~}
      f = open d/file w 666
      stat d/file mode -> {666~}
      mkdtemp d/sub/t- -> d/sub/t-XXXXXX`,
    "writing takes the set-ID bits away, unless root does it": `
      chmod f 6755
      f = open f r+
      write f x
      fstat f mode -> 755 | root: 6755`,
    "writing leaves set-group-ID without execute": `
      chmod f 2644
      f = open f r+
      write f x
      fstat f mode -> 2644`,
    "writing nothing leaves the bits": `
      chmod f 6755
      f = open f r+
      write f {empty}
      fstat f mode -> 6755`,
    "truncating takes the set-ID bits away, unless root does it": `
      chmod f 6755
      truncate f 2
      stat f mode -> 755 | root: 6755
      chmod f 6755
      f = open f w
      fstat f mode -> 755 | root: 6755`,
    "chown takes the set-ID bits of a file away": `
      chmod f 6755
      chown f {uid} {gid} -> ok
      stat f mode -> 755
      chmod f 4600
      f = open f r
      fchown f {uid} {gid} -> ok
      stat f mode -> 600`,
    "chown leaves set-group-ID without execute": `
      chmod f 6644
      chown f {uid} {gid}
      stat f mode -> 2644`,
    "chown leaves the bits of a directory": `
      chmod d 7777
      chown d {uid} {gid}
      stat d mode -> 7777`,
    "chown of -1 changes neither": `
      chown f -1 -1 -> ok
      stat f uid gid -> {uid} {gid}`,
    "lchown does not follow": `
      chmod f 6755
      lchown link {uid} {gid} -> ok
      stat f mode -> 6755`,
    "rename and link leave the bits": `
      chmod f 6755
      link f other
      rename f new
      stat new mode -> 6755`,
  },
};
