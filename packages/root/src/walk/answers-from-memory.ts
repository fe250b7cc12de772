import { attempt, fileSystemType, type PathArgument, type Steps } from "@holdfast/fs/steps";

/**
 * File systems of Linux by the number that statfs(2) gives: on these, opening a file whose inode is in
 * memory for reading asks no device (their `open` in the kernel reads nothing), so it costs less than a
 * trip to the thread pool. A network or FUSE file system would ask its server.
 */
const local: ReadonlySet<bigint> = new Set([
  0xef53n, // ext2, ext3, ext4
  0x58465342n, // xfs
  0x9123683en, // btrfs
  0x01021994n, // tmpfs
]);

/** Whether the file system of a directory is known to open held files without waiting. */
export function* answersFromMemory(directory: PathArgument): Steps<boolean> {
  const type = yield* attempt(fileSystemType(directory));
  return type.ok && local.has(type.value);
}
