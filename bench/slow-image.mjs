// Serves one file, `image`, through FUSE, and takes its time over every read, write and flush of it.
// A loop device on top of that file is a disk that is slow to answer, whatever is asked of it. (The
// kernel's own throttles are no use here: they let the file system's journal pass.)
//   node slow-image.mjs MOUNT-POINT BACKING-FILE READ-MS WRITE-MS FLUSH-MS
// Ends when it is unmounted. Linux, root.
import { spawn } from "node:child_process";
import { fstatSync, openSync, read, readSync, writeSync } from "node:fs";
import { constants } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

const [mountPoint, backing, ...delays] = process.argv.slice(2);
const [readMs, writeMs, flushMs] = delays.map(Number);
const image = openSync(backing, "r+");
const { size } = fstatSync(image);
const channel = openSync("/dev/fuse", "r+");
const { ENODEV, ENOENT, ENOSYS, EINTR, EAGAIN } = constants.errno;

// A thread that waits for the next request keeps an ordinary exit waiting, and with it everybody who
// waits for an answer from here.
process.on("uncaughtException", (error) => {
  console.error(error);
  process.kill(process.pid, "SIGKILL");
});

// Numbers and layouts are those of include/uapi/linux/fuse.h, version 7.31.
const maxWrite = 131_072;
const rootNode = 1n;
const imageNode = 2n;

/** One head: what is asked at the same time is done one after the other. */
let head = Promise.resolve();
const afterDelay = (ms, act) => (head = head.then(() => sleep(ms)).then(act));

const operations = {
  1: lookup,
  3: ({ node }) => concat(u64(3600n), u64(0n), attributes(node)),
  4: ({ node }) => concat(u64(3600n), u64(0n), attributes(node)),
  14: () => concat(u64(0n), u32(1), u32(0)), // open: past the page cache, or reads would be free
  15: ({ body }) => {
    const content = Buffer.alloc(body.readUInt32LE(16));
    return afterDelay(readMs, () =>
      content.subarray(0, readSync(image, content, 0, content.length, at(body))),
    );
  },
  16: ({ body }) => {
    const content = body.subarray(40, 40 + body.readUInt32LE(16));
    return afterDelay(writeMs, () =>
      concat(u32(writeSync(image, content, 0, content.length, at(body))), u32(0)),
    );
  },
  17: () => Buffer.alloc(80),
  18: () => Buffer.alloc(0),
  20: () => afterDelay(flushMs, () => Buffer.alloc(0)),
  25: () => Buffer.alloc(0),
  26: initialise,
  27: () => Buffer.alloc(16),
  29: () => Buffer.alloc(0),
};
const forget = new Set([2, 36, 42]); // these want no answer

const mount = spawn(
  "mount",
  ["-i", "-t", "fuse", "-o", "fd=3,rootmode=40000,user_id=0,group_id=0", "slow-image", mountPoint],
  { stdio: ["ignore", "ignore", "inherit", channel] },
);
mount.once("exit", (status) => {
  if (status !== 0) process.exit(1);
});
// The kernel refuses to be read from before it is mounted.
for (;;) {
  const buffer = Buffer.allocUnsafe(maxWrite + 4096);
  try {
    const { bytesRead } = await promisify(read)(channel, buffer, 0, buffer.length, null);
    void answer(buffer.subarray(0, bytesRead));
  } catch (error) {
    if (error.errno === -ENODEV) process.exit(0);
    if (error.code === "EPERM") await sleep(5);
    else if (![-ENOENT, -EINTR, -EAGAIN].includes(error.errno)) throw error;
  }
}

async function answer(request) {
  const opcode = request.readUInt32LE(4);
  const unique = request.readBigUInt64LE(8);
  const node = request.readBigUInt64LE(16);
  if (forget.has(opcode)) return;
  let error = 0;
  let body = Buffer.alloc(0);
  try {
    const operation = operations[opcode];
    if (operation) body = await operation({ node, body: request.subarray(40) });
    else error = -ENOSYS;
    if (body === undefined) [error, body] = [-ENOENT, Buffer.alloc(0)];
  } catch (failure) {
    error = failure.errno ?? -constants.errno.EIO;
  }
  const reply = concat(u32(16 + body.length), i32(error), u64(unique), body);
  try {
    writeSync(channel, reply);
  } catch (failure) {
    // The request was given up in the meantime, or everything was unmounted.
    if (![-ENOENT, -ENODEV].includes(failure.errno)) throw failure;
  }
}

function initialise() {
  const out = Buffer.alloc(64);
  out.writeUInt32LE(7, 0);
  out.writeUInt32LE(31, 4);
  out.writeUInt32LE(maxWrite, 8); // readahead
  out.writeUInt32LE((1 << 5) | (1 << 22), 12); // writes larger than a page, up to `max_pages`
  out.writeUInt16LE(64, 16);
  out.writeUInt16LE(48, 18);
  out.writeUInt32LE(maxWrite, 20);
  out.writeUInt32LE(1, 24);
  out.writeUInt16LE(maxWrite / 4096, 28);
  return out;
}

function lookup({ node, body }) {
  if (node !== rootNode || body.subarray(0, body.indexOf(0)).toString() !== "image")
    return undefined;
  return concat(
    u64(imageNode),
    u64(0n),
    u64(3600n),
    u64(3600n),
    u64(0n), // both parts below a second
    attributes(imageNode),
  );
}

function attributes(node) {
  const out = Buffer.alloc(88);
  const isImage = node === imageNode;
  out.writeBigUInt64LE(node, 0);
  out.writeBigUInt64LE(BigInt(isImage ? size : 0), 8);
  out.writeUInt32LE(isImage ? 0o100600 : 0o040700, 60);
  out.writeUInt32LE(1, 64);
  out.writeUInt32LE(4096, 80);
  return out;
}

function at(body) {
  return Number(body.readBigUInt64LE(8));
}
function concat(...parts) {
  return Buffer.concat(parts);
}
function u32(value) {
  const out = Buffer.alloc(4);
  out.writeUInt32LE(value);
  return out;
}
function i32(value) {
  const out = Buffer.alloc(4);
  out.writeInt32LE(value);
  return out;
}
function u64(value) {
  const out = Buffer.alloc(8);
  out.writeBigUInt64LE(value);
  return out;
}
