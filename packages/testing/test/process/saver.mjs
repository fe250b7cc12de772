// Makes two directories in the one that it is given, and works for a while.
import { mkdirSync } from "node:fs";
import { join } from "node:path";

const [, , dir] = process.argv;
mkdirSync(join(dir, `${process.pid}-1`));
mkdirSync(join(dir, `${process.pid}-2`));
setTimeout(() => {}, 300);
