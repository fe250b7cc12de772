/** Every kind of path, for the calls that look: path_resolution(7), open(2), stat(2), readlink(2). */

import type { CaseGroup } from "../case-group.ts";
import { casesOfTable } from "./path-table.ts";

export const pathsToLook: CaseGroup = {
  name: "paths to look at",
  faces: ["sync", "promises"],
  cases: casesOfTable({
    "stat @ type": `
      f file  f/ ENOTDIR  f/. ENOTDIR  f/.. ENOTDIR  f/x ENOTDIR  f/../f ENOTDIR  . directory
      d directory  d/ directory  d/. directory  d/.. directory  d/../f file  d//..//f file
      full directory  full/ directory  full/x file  full/x/y ENOTDIR  link file  link/ ENOTDIR
      link/x ENOTDIR  dlink directory  dlink/ directory  dlink/. directory  dlink/x file
      dlink/../f file  dangling ENOENT  dangling/ ENOENT  dangling/x ENOENT  loop ELOOP  loop/ ELOOP
      loop/x ELOOP  missing ENOENT  missing/ ENOENT  missing/. ENOENT  missing/x ENOENT
      missing/../f ENOENT  {empty} ENOENT  f{nul} ERR_INVALID_ARG_VALUE  {a*255} ENOENT
      {a*256} ENAMETOOLONG  d/{é*127} ENOENT  d/{é*128} ENAMETOOLONG  {a*256}/x ENAMETOOLONG
      {fill:4095}f file  {fill:4096}f ENAMETOOLONG  {0xff} ENOENT`,
    "lstat @ type": `
      f file  f/ ENOTDIR  f/. ENOTDIR  f/.. ENOTDIR  f/x ENOTDIR  f/../f ENOTDIR  . directory
      d directory  d/ directory  d/. directory  d/.. directory  d/../f file  d//..//f file
      full directory  full/ directory  full/x file  full/x/y ENOTDIR  link symlink  link/ ENOTDIR
      link/x ENOTDIR  dlink symlink  dlink/ directory  dlink/. directory  dlink/x file
      dlink/../f file  dangling symlink  dangling/ ENOENT  dangling/x ENOENT  loop symlink
      loop/ ELOOP  loop/x ELOOP  missing ENOENT  missing/ ENOENT  missing/. ENOENT  missing/x ENOENT
      missing/../f ENOENT  {empty} ENOENT  f{nul} ERR_INVALID_ARG_VALUE  {a*255} ENOENT
      {a*256} ENAMETOOLONG  d/{é*127} ENOENT  d/{é*128} ENAMETOOLONG  {a*256}/x ENAMETOOLONG
      {fill:4095}f file  {fill:4096}f ENAMETOOLONG  {0xff} ENOENT`,
    "access @ f": `
      f ok  f/ ENOTDIR  f/. ENOTDIR  f/.. ENOTDIR  f/x ENOTDIR  f/../f ENOTDIR  . ok  d ok  d/ ok
      d/. ok  d/.. ok  d/../f ok  d//..//f ok  full ok  full/ ok  full/x ok  full/x/y ENOTDIR
      link ok  link/ ENOTDIR  link/x ENOTDIR  dlink ok  dlink/ ok  dlink/. ok  dlink/x ok
      dlink/../f ok  dangling ENOENT  dangling/ ENOENT  dangling/x ENOENT  loop ELOOP  loop/ ELOOP
      loop/x ELOOP  missing ENOENT  missing/ ENOENT  missing/. ENOENT  missing/x ENOENT
      missing/../f ENOENT  {empty} ENOENT  f{nul} ERR_INVALID_ARG_VALUE  {a*255} ENOENT
      {a*256} ENAMETOOLONG  d/{é*127} ENOENT  d/{é*128} ENAMETOOLONG  {a*256}/x ENAMETOOLONG
      {fill:4095}f ok  {fill:4096}f ENAMETOOLONG  {0xff} ENOENT`,
    "realpath @": `
      f f  f/ ENOTDIR  f/. ENOTDIR  f/.. ENOTDIR  f/x ENOTDIR  f/../f ENOTDIR  . .  d d  d/ d  d/. d
      d/.. .  d/../f f  d//..//f f  full full  full/ full  full/x full/x  full/x/y ENOTDIR  link f
      link/ ENOTDIR  link/x ENOTDIR  dlink full  dlink/ full  dlink/. full  dlink/x full/x
      dlink/../f f  dangling ENOENT  dangling/ ENOENT  dangling/x ENOENT  loop ELOOP  loop/ ELOOP
      loop/x ELOOP  missing ENOENT  missing/ ENOENT  missing/. ENOENT  missing/x ENOENT
      missing/../f ENOENT  {empty} ENOENT  f{nul} ERR_INVALID_ARG_VALUE  {a*255} ENOENT
      {a*256} ENAMETOOLONG  d/{é*127} ENOENT  d/{é*128} ENAMETOOLONG  {a*256}/x ENAMETOOLONG
      {fill:4095}f f  {0xff} ENOENT`,
    "readlink @": `
      f EINVAL  f/ ENOTDIR  f/. ENOTDIR  f/.. ENOTDIR  f/x ENOTDIR  f/../f ENOTDIR  . EINVAL
      d EINVAL  d/ EINVAL  d/. EINVAL  d/.. EINVAL  d/../f EINVAL  d//..//f EINVAL  full EINVAL
      full/ EINVAL  full/x EINVAL  full/x/y ENOTDIR  link f  link/ ENOTDIR  link/x ENOTDIR
      dlink full  dlink/ EINVAL  dlink/. EINVAL  dlink/x EINVAL  dlink/../f EINVAL  dangling missing
      dangling/ ENOENT  dangling/x ENOENT  loop loop2  loop/ ELOOP  loop/x ELOOP  missing ENOENT
      missing/ ENOENT  missing/. ENOENT  missing/x ENOENT  missing/../f ENOENT  {empty} ENOENT
      f{nul} ERR_INVALID_ARG_VALUE  {a*255} ENOENT  {a*256} ENAMETOOLONG  d/{é*127} ENOENT
      d/{é*128} ENAMETOOLONG  {a*256}/x ENAMETOOLONG  {fill:4095}f EINVAL  {fill:4096}f ENAMETOOLONG
      {0xff} ENOENT`,
    "readdir @": `
      f ENOTDIR  f/ ENOTDIR  f/. ENOTDIR  f/.. ENOTDIR  f/x ENOTDIR  f/../f ENOTDIR
      . d dangling dlink f full link loop loop2  d nothing  d/ nothing  d/. nothing
      d/.. d dangling dlink f full link loop loop2  d/../f ENOTDIR  d//..//f ENOTDIR  full x
      full/ x  full/x ENOTDIR  full/x/y ENOTDIR  link ENOTDIR  link/ ENOTDIR  link/x ENOTDIR
      dlink x  dlink/ x  dlink/. x  dlink/x ENOTDIR  dlink/../f ENOTDIR  dangling ENOENT
      dangling/ ENOENT  dangling/x ENOENT  loop ELOOP  loop/ ELOOP  loop/x ELOOP  missing ENOENT
      missing/ ENOENT  missing/. ENOENT  missing/x ENOENT  missing/../f ENOENT  {empty} ENOENT
      f{nul} ERR_INVALID_ARG_VALUE  {a*255} ENOENT  {a*256} ENAMETOOLONG  d/{é*127} ENOENT
      d/{é*128} ENAMETOOLONG  {a*256}/x ENAMETOOLONG  {fill:4095}f ENOTDIR
      {fill:4096}f ENAMETOOLONG  {0xff} ENOENT`,
    "statfs @": `
      f number  f/ ENOTDIR  f/. ENOTDIR  f/.. ENOTDIR  f/x ENOTDIR  f/../f ENOTDIR  . number
      d number  d/ number  d/. number  d/.. number  d/../f number  d//..//f number  full number
      full/ number  full/x number  full/x/y ENOTDIR  link number  link/ ENOTDIR  link/x ENOTDIR
      dlink number  dlink/ number  dlink/. number  dlink/x number  dlink/../f number
      dangling ENOENT  dangling/ ENOENT  dangling/x ENOENT  loop ELOOP  loop/ ELOOP  loop/x ELOOP
      missing ENOENT  missing/ ENOENT  missing/. ENOENT  missing/x ENOENT  missing/../f ENOENT
      {empty} ENOENT  f{nul} ERR_INVALID_ARG_VALUE  {a*255} ENOENT  {a*256} ENAMETOOLONG
      d/{é*127} ENOENT  d/{é*128} ENAMETOOLONG  {a*256}/x ENAMETOOLONG  {fill:4095}f number
      {fill:4096}f ENAMETOOLONG  {0xff} ENOENT`,
    "open @ r": `
      f ok  f/ ENOTDIR  f/. ENOTDIR  f/.. ENOTDIR  f/x ENOTDIR  f/../f ENOTDIR  . ok  d ok  d/ ok
      d/. ok  d/.. ok  d/../f ok  d//..//f ok  full ok  full/ ok  full/x ok  full/x/y ENOTDIR
      link ok  link/ ENOTDIR  link/x ENOTDIR  dlink ok  dlink/ ok  dlink/. ok  dlink/x ok
      dlink/../f ok  dangling ENOENT  dangling/ ENOENT  dangling/x ENOENT  loop ELOOP  loop/ ELOOP
      loop/x ELOOP  missing ENOENT  missing/ ENOENT  missing/. ENOENT  missing/x ENOENT
      missing/../f ENOENT  {empty} ENOENT  f{nul} ERR_INVALID_ARG_VALUE  {a*255} ENOENT
      {a*256} ENAMETOOLONG  d/{é*127} ENOENT  d/{é*128} ENAMETOOLONG  {a*256}/x ENAMETOOLONG
      {fill:4095}f ok  {fill:4096}f ENAMETOOLONG  {0xff} ENOENT`,
    "open @ O_RDONLY|O_DIRECTORY": `
      f ENOTDIR  f/ ENOTDIR  f/. ENOTDIR  f/.. ENOTDIR  f/x ENOTDIR  f/../f ENOTDIR  . ok  d ok
      d/ ok  d/. ok  d/.. ok  d/../f ENOTDIR  d//..//f ENOTDIR  full ok  full/ ok  full/x ENOTDIR
      full/x/y ENOTDIR  link ENOTDIR  link/ ENOTDIR  link/x ENOTDIR  dlink ok  dlink/ ok  dlink/. ok
      dlink/x ENOTDIR  dlink/../f ENOTDIR  dangling ENOENT  dangling/ ENOENT  dangling/x ENOENT
      loop ELOOP  loop/ ELOOP  loop/x ELOOP  missing ENOENT  missing/ ENOENT  missing/. ENOENT
      missing/x ENOENT  missing/../f ENOENT  {empty} ENOENT  f{nul} ERR_INVALID_ARG_VALUE
      {a*255} ENOENT  {a*256} ENAMETOOLONG  d/{é*127} ENOENT  d/{é*128} ENAMETOOLONG
      {a*256}/x ENAMETOOLONG  {fill:4095}f ENOTDIR  {fill:4096}f ENAMETOOLONG  {0xff} ENOENT`,
    "open @ O_RDONLY|O_NOFOLLOW": `
      f ok  f/ ENOTDIR  f/. ENOTDIR  f/.. ENOTDIR  f/x ENOTDIR  f/../f ENOTDIR  . ok  d ok  d/ ok
      d/. ok  d/.. ok  d/../f ok  d//..//f ok  full ok  full/ ok  full/x ok  full/x/y ENOTDIR
      link ELOOP  link/ ENOTDIR  link/x ENOTDIR  dlink ELOOP  dlink/ ok  dlink/. ok  dlink/x ok
      dlink/../f ok  dangling ELOOP  dangling/ ENOENT  dangling/x ENOENT  loop ELOOP  loop/ ELOOP
      loop/x ELOOP  missing ENOENT  missing/ ENOENT  missing/. ENOENT  missing/x ENOENT
      missing/../f ENOENT  {empty} ENOENT  f{nul} ERR_INVALID_ARG_VALUE  {a*255} ENOENT
      {a*256} ENAMETOOLONG  d/{é*127} ENOENT  d/{é*128} ENAMETOOLONG  {a*256}/x ENAMETOOLONG
      {fill:4095}f ok  {fill:4096}f ENAMETOOLONG  {0xff} ENOENT`,
  }),
};
