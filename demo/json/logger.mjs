// node logger.mjs WAY FILE NAME      appends records until it is killed; prints the id of each that was appended
import { writeSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { ways } from "./log-ways.mjs";

const [way, file, name] = process.argv.slice(2);
const log = await ways[way].open(file);
for (let i = 0; ; i++) {
  const id = `${name}-${i}`;
  // Some are longer than the pieces in which Node's appendFile writes (512 KiB).
  const text = "x".repeat(i % 8 === 7 ? 700_000 : 50 + ((i * 7919) % 2000));
  await log.append({ id, text });
  writeSync(1, `${id}\n`);
  await delay(1);
}
