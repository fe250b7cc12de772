// One turn of an agent's work in a tree: it is tracked before each change, and recorded after it. Prints
// the id of the snapshot that the turn began with.
//   node agent.mjs FOLDER STORE TURN
import {
  chmodSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  rmdirSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { openCheckpoints } from "@holdfast/checkpoint";

const [folder, store, turn] = process.argv.slice(2);
const checkpoints = await openCheckpoints({ store, roots: [folder], session: "demo" });

async function change(names, make) {
  const paths = names.map((name) => join(folder, name));
  for (const path of paths) await checkpoints.trackBeforeEdit(path, `turn ${turn}`);
  make(...paths);
  for (const path of paths) await checkpoints.recordAfterEdit(path);
}

const write = (name, content) =>
  change([name], (path) => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  });
const edit = (name) =>
  change([name], (path) => writeFileSync(path, `${readFileSync(path, "utf8")}// turn ${turn}\n`));
const remove = (name) => change([name], (path) => rmSync(path));
const makeDirectory = (name) => change([name], (path) => mkdirSync(path));
const removeDirectory = (name) => change([name], (path) => rmdirSync(path));
const move = (from, to) => change([from, to], renameSync);
const allow = (name, mode) => change([name], (path) => chmodSync(path, mode));
const link = (name, target) => change([name], (path) => symlinkSync(target, path));

async function editMany(from, to) {
  for (let i = from; i <= to; i++) await edit(`lib/part-${i}.js`);
}

const turns = {
  async 1() {
    await write("src/index.js", 'import "./app.js";\n');
    await edit("src/app.js");
  },
  async 2() {
    for (const name of ["a", "b", "c"]) await write(`src/made/by/agent/${name}.js`, `${name}\n`);
    await makeDirectory("out");
  },
  async 3() {
    await editMany(1, 10);
    await allow("run.sh", 0o755);
  },
  async 4() {
    await remove("docs/old.md");
    await link("docs/latest", "guide.md");
  },
  async 5() {
    await remove("docs/latest");
    await write("docs/latest", "no link any more\n");
    await write("logo.bin", Buffer.alloc(300_000, 7));
  },
  async 6() {
    await move("lib/part-20.js", "lib/moved.js");
    await allow("secret.txt", 0o600);
  },
  async 7() {
    await edit("docs/guide.md");
    await remove("link");
    await link("link", "src");
  },
  async 8() {
    for (const name of ["a", "b"]) await remove(`src/made/by/agent/${name}.js`);
    await editMany(5, 15);
  },
  async 9() {
    await remove("config");
    await write("config/main.json", "{}\n"); // a directory where a file was
    await removeDirectory("empty");
  },
  async 10() {
    await editMany(1, 19);
    await write("src/last.js", "last\n");
    await remove("src/app.js");
    await removeDirectory("out");
  },
};

const { id } = await checkpoints.makeSnapshot(`turn ${turn}`);
await turns[turn]();
await checkpoints.close();
console.log(id);
