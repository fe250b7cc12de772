import type { CaseGroup } from "../case-group.ts";

/** path_resolution(7) and the manual of each call, for the owner of a file who is not root. */
export const ownPermissions: CaseGroup = {
  name: "permissions of the owner",
  user: "other",
  cases: {
    ...Object.fromEntries(
      ["000", "100", "200", "300", "400", "500", "600", "700", "077"].map((mode) => {
        const may = (bit: number): string => ((Number(mode[0]) & bit) !== 0 ? "ok" : "EACCES");
        const both = Number(mode[0]) >= 6 ? "ok" : "EACCES";
        return [
          `a file of mode ${mode}`,
          `chmod f ${mode}
           access f f -> ok
           access f r -> ${may(4)}
           access f w -> ${may(2)}
           access f x -> ${may(1)}
           access f rw -> ${both}
           open f r -> ${may(4)}
           open f O_WRONLY -> ${may(2)}
           open f r+ -> ${both}
           open f a -> ${may(2)}
           open f O_RDONLY|O_TRUNC -> ${both === "ok" ? "ok" : "EACCES"}`,
        ];
      }),
    ),
    "a directory without search": `
      chmod full 600
      stat full/x type -> EACCES
      lstat full/x type -> EACCES
      open full/x r -> EACCES
      access full/x f -> EACCES
      readlink full/x -> EACCES
      realpath full/x -> EACCES
      chmod full/x 600 -> EACCES
      chown full/x {uid} {gid} -> EACCES
      utimes full/x 1 2 -> EACCES
      truncate full/x 0 -> EACCES
      unlink full/x -> EACCES
      mkdir full/new -> EACCES
      rename full/x new -> EACCES
      rename f full/new -> EACCES
      link full/x new -> EACCES
      link f full/new -> EACCES
      symlink t full/new -> EACCES
      mkdtemp full/t- -> EACCES
      statfs full/x -> EACCES
      readdir full -> x
      stat full/missing -> EACCES
      stat full/. -> EACCES
      stat full/.. -> EACCES
      stat dlink/x -> EACCES
      stat full type -> directory
      access full rw -> ok
      access full x -> EACCES`,
    "a directory without read": `
      chmod full 300
      readdir full -> EACCES
      open full r -> EACCES
      readFile full/x -> "1"
      writeFile full/new 2 -> ok
      unlink full/x -> ok
      access full r -> EACCES
      stat full/.. type -> directory`,
    "a directory without write": `
      chmod full 500
      unlink full/x -> EACCES
      rmdir full/x -> EACCES
      open full/new w -> EACCES
      open full/new wx -> EACCES
      mkdir full/new -> EACCES
      symlink t full/new -> EACCES
      link f full/new -> EACCES
      rename f full/new -> EACCES
      rename full/x new -> EACCES
      rename f full/x -> EACCES
      rename full/x full/y -> EACCES
      mkdtemp full/t- -> EACCES
      readFile full/x -> "1"
      writeFile full/x 2 -> ok
      chmod full/x 600 -> ok
      truncate full/x 0 -> ok
      utimes full/x 1 2 -> ok
      open full/x wx -> EEXIST
      mkdir full/x -> EEXIST
      unlink full/missing -> ENOENT
      rmdir full/missing -> ENOENT
      rename full/missing new -> ENOENT`,
    "a directory without write can itself be moved beside": `
      chmod full 500
      rename full new -> ok
      readdir new -> x`,
    "a directory without write cannot get another parent": `
      chmod full 500
      rename full d/full -> EACCES`,
    "an empty directory without any permission can be removed": `
      chmod d 0
      rmdir d -> ok`,
    "a file without any permission can be removed, moved and linked": `
      chmod f 0
      rename f new -> ok
      link new d/new -> ok
      unlink new -> ok
      stat d/new mode nlink -> 0 1`,
    "a read-only file cannot be written, but replaced": `
      chmod f 444
      open f w -> EACCES
      truncate f 0 -> EACCES
      writeFile new x
      rename new f -> ok
      readFile f -> "x"`,
    "a descriptor keeps what it was allowed": `
      f = open f r+
      chmod f 0
      write f J -> 1
      read f 4 -> "ello"
      open f r -> EACCES`,
    "a descriptor of a directory that was closed off": `
      f = open full r
      chmod full 0
      fstat f type mode -> directory 0
      fchmod f 700 -> ok
      readdir full -> x`,
    "search is asked for on the way through a link": `
      chmod full 600
      symlink full/x in
      stat in type -> EACCES
      readlink in -> full/x
      lstat in type -> symlink`,
    "search is asked for on the way, even if dot-dot leads out": `
      chmod d 0
      stat d/../f type -> EACCES`,
    "the owner changes the mode, whatever it is": `
      chmod f 0
      chmod f 644 -> ok
      chmod d 0
      chmod d 755 -> ok`,
    "the owner sets times, whatever the mode is": `
      chmod f 0
      utimes f 1 2 -> ok
      stat f mtime -> 2`,
    "only root gives a file away": `
      chown f 12345 -1 -> EPERM
      chown f -1 12345 -> EPERM
      chown f 0 0 -> EPERM
      lchown link 12345 12345 -> EPERM
      f = open f r
      fchown f 12345 -1 -> EPERM
      chown f {uid} {gid} -> ok
      chown f {uid} -1 -> ok
      chown f -1 {gid} -> ok`,
    "the owner's class counts, also if it is the worse one": `
      chmod f 077
      open f r -> EACCES
      access f r -> EACCES`,
  },
};

/** capabilities(7): what root may all the same, and what it may not. */
export const rootPermissions: CaseGroup = {
  name: "permissions of root",
  user: "root",
  cases: {
    "reads and writes what nobody may": `
      chmod f 0
      readFile f -> "hello"
      writeFile f x -> ok
      access f rw -> ok
      chown f 12345 12345
      readFile f -> "x"`,
    "executes only what somebody may": `
      access f x -> EACCES
      chmod f 1
      access f x -> ok
      chmod f 100
      access f rwx -> ok
      chmod f 0
      access f x -> EACCES`,
    "goes through every directory": `
      chmod full 0
      readdir full -> x
      readFile full/x -> "1"
      access full rwx -> ok
      writeFile full/y 2 -> ok
      unlink full/x -> ok`,
    "gives files away": `
      chown f 12345 12346 -> ok
      stat f uid gid -> 12345 12346
      chown f -1 7 -> ok
      stat f uid gid -> 12345 7
      chown f 8 -1 -> ok
      stat f uid gid -> 8 7
      lchown link 5 6 -> ok
      lstat link uid gid -> 5 6
      stat link uid gid -> 8 7
      f = open f r
      fchown f 1 2 -> ok
      fstat f uid gid -> 1 2`,
    "changes modes and times of others' files": `
      chown f 12345 12345
      chmod f 600 -> ok
      utimes f 1 2 -> ok
      stat f mode mtime -> 600 2`,
    "takes from a sticky directory": `
      mkdir sticky
      chmod sticky 1777
      writeFile sticky/f 1
      chown sticky/f 12345 12345
      unlink sticky/f -> ok`,
    "what is made in a set-group-ID directory has its group": `
      chown d -1 12345
      chmod d 2755
      writeFile d/file x
      mkdir d/sub 755
      symlink t d/link
      stat d/file gid uid -> 12345 0
      stat d/sub gid mode -> 12345 {2755~}
      lstat d/link gid -> 12345
      chmod d 755
      writeFile d/own x
      stat d/own gid -> {gid}`,
  },
};
