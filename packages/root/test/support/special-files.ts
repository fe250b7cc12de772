/** A FIFO, a socket, a device: made once, and given a second name wherever one is wanted. */

import { spawnSync } from "node:child_process";
import { chmodSync, closeSync, constants, linkSync, openSync, rmSync, writeSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";

export interface SpecialFiles {
  readonly fifo: string;
  readonly socket: string;
  /** `undefined` where devices cannot be made. */
  readonly device: string | undefined;
  readonly close: () => void;
}

/** In a directory of their own, on the file system where they will be linked. */
export async function makeSpecialFiles(dir: string): Promise<SpecialFiles> {
  const fifo = join(dir, "fifo");
  run("mkfifo", [fifo]);
  // Both ends are held open, and something is in it: a call that opens it does not wait for ever, it
  // gives itself away by what it reads.
  const held = openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK);
  writeSync(held, "canary in a FIFO");
  const socket = join(dir, "socket");
  await makeSocket(socket);
  const device = join(dir, "device");
  const hasDevice = spawnSync("mknod", [device, "c", "1", "3"], { stdio: "ignore" }).status === 0;
  for (const path of [fifo, socket, ...(hasDevice ? [device] : [])]) chmodSync(path, 0o644);
  return {
    fifo,
    socket,
    device: hasDevice ? device : undefined,
    close: () => {
      closeSync(held);
    },
  };
}

/** A server takes its socket away with it; a second name stays. */
async function makeSocket(path: string): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(`${path}.listening`, resolve);
  });
  linkSync(`${path}.listening`, path);
  await new Promise<void>((resolve) => {
    server.close(() => {
      resolve();
    });
  });
  rmSync(`${path}.listening`, { force: true });
}

function run(command: string, args: readonly string[]): void {
  const { status, stderr } = spawnSync(command, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${command} failed: ${stderr}`);
}
