import type { CaseGroup } from "../case-group.ts";

/** What others own: `root:` lines are done by root before. */
export const othersFiles: CaseGroup = {
  name: "files of others",
  user: "other",
  empty: true,
  cases: {
    "attributes are the owner's affair": `
      root: writeFile theirs 1
      root: chmod theirs 666
      chmod theirs 600 -> EPERM
      chown theirs {uid} {gid} -> EPERM
      chown theirs -1 {gid} -> EPERM
      lchown theirs {uid} -1 -> EPERM
      utimes theirs 1 2 -> EPERM
      lutimes theirs 1 2 -> EPERM
      f = open theirs r+
      fchmod f 600 -> EPERM
      fchown f {uid} -1 -> EPERM
      futimes f 1 2 -> EPERM
      write f x -> 1
      readFile theirs -> "x"
      truncate theirs 0 -> ok`,
    "what all may do": `
      root: writeFile theirs 1
      root: chmod theirs 604
      readFile theirs -> "1"
      open theirs r+ -> EACCES
      truncate theirs 0 -> EACCES
      access theirs r -> ok
      access theirs w -> EACCES
      access theirs x -> EACCES`,
    "what the group may do": `
      root: writeFile theirs 1
      root: chown theirs 0 {gid}
      root: chmod theirs 640
      readFile theirs -> "1"
      open theirs r+ -> EACCES
      access theirs rw -> EACCES`,
    "the group's class counts, also if it is the worse one": `
      root: writeFile theirs 1
      root: chown theirs 0 {gid}
      root: chmod theirs 606
      open theirs r -> EACCES
      access theirs w -> EACCES`,
    "what nobody else may do": `
      root: writeFile theirs 1
      root: chmod theirs 600
      open theirs r -> EACCES
      access theirs r -> EACCES
      stat theirs type uid gid -> file 0 0
      access theirs f -> ok`,
    "in my directory they can be removed and replaced": `
      root: writeFile theirs 1
      root: chmod theirs 600
      root: mkdir sub
      writeFile mine 2
      rename theirs new -> ok
      rename mine new -> ok
      readFile new -> "2"
      rmdir sub -> ok`,
    "in their directory nothing can be": `
      root: mkdir theirs
      root: writeFile theirs/f 1
      root: chmod theirs 755
      writeFile mine 2
      unlink theirs/f -> EACCES
      rename theirs/f new -> EACCES
      rename mine theirs/f -> EACCES
      rename mine theirs/new -> EACCES
      open theirs/new w -> EACCES
      mkdir theirs/new -> EACCES
      link mine theirs/new -> EACCES
      symlink t theirs/new -> EACCES
      mkdtemp theirs/t- -> EACCES
      readdir theirs -> f`,
    "a directory of root without search": `
      root: mkdir theirs
      root: writeFile theirs/f 1
      root: chmod theirs 744
      readdir theirs -> f
      stat theirs/f -> EACCES
      open theirs/f r -> EACCES`,
    "a directory of root without read": `
      root: mkdir theirs
      root: writeFile theirs/f 1
      root: chmod theirs/f 644
      root: chmod theirs 711
      readdir theirs -> EACCES
      readFile theirs/f -> "1"`,
    "an open directory is open to all": `
      root: mkdir theirs
      root: writeFile theirs/f 1
      root: chmod theirs 777
      unlink theirs/f -> ok
      writeFile theirs/mine 2 -> ok`,
    "a sticky directory protects what is in it": `
      root: mkdir theirs
      root: writeFile theirs/f 1
      root: mkdir theirs/sub
      root: chmod theirs 1777
      writeFile theirs/mine 2 -> ok
      unlink theirs/f -> EPERM
      rmdir theirs/sub -> EPERM
      rename theirs/f theirs/g -> EPERM
      rename theirs/mine theirs/f -> EPERM
      rename theirs/mine theirs/again -> ok
      unlink theirs/again -> ok`,
    "in a sticky directory of mine I may": `
      root: writeFile theirs 1
      chmod . 1777
      unlink theirs -> ok`,
    "a file in a sticky directory of theirs with my name on it": `
      root: mkdir theirs
      root: writeFile theirs/f 1
      root: chown theirs/f {uid} {gid}
      root: chmod theirs 1777
      unlink theirs/f -> ok`,
    "their directory cannot get another parent": `
      root: mkdir theirs
      root: chmod theirs 755
      mkdir mine
      rename theirs mine/theirs -> EACCES
      rename theirs beside -> ok`,
    "a set-group-ID directory gives its group": `
      root: mkdir theirs
      root: chown theirs 0 12345
      root: chmod theirs 2777
      writeFile theirs/f 1
      mkdir theirs/sub 755
      stat theirs/f uid gid -> {uid} 12345
      stat theirs/sub gid mode -> 12345 {2755~}
      f = open theirs/g w 2775
      fstat f gid mode -> 12345 {775~}`,
    "set-group-ID needs the group": `
      root: writeFile f 1
      root: chown f {uid} 12345
      chmod f 2755 -> ok
      stat f mode -> 755
      mkdir d
      chmod d 2755
      stat d mode -> 2755`,
    "writing takes their set-ID bits away": `
      root: writeFile f 1
      root: chmod f 6777
      f = open f r+
      write f x -> 1
      fstat f mode -> 777`,
  },
};
