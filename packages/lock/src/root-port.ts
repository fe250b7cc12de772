import type { FileSystem } from "@holdfast/fs/steps";

const ports = new WeakMap<object, FileSystem>();

/**
 * A root of `@holdfast/root` as the port of a file system. One for each root, whoever asks: calls of this
 * thread that wait for the same lock are told apart by it.
 *
 * @param promises of the root
 */
export function portOfRoot(promises: object): FileSystem {
  let port = ports.get(promises);
  if (port === undefined) ports.set(promises, (port = { promises }));
  return port;
}

/** Whether a file system is the port of a root. */
export function isPortOfRoot(fileSystem: FileSystem | undefined): boolean {
  const { promises } = fileSystem ?? {};
  return promises !== undefined && ports.get(promises) === fileSystem;
}
