// The same agent, as it is usually written: each file is read with JSON.parse and written with writeFile.
// The test shows what becomes of it.
import { randomUUID } from "node:crypto";
import * as nodeFs from "node:fs";
import { join } from "node:path";
import type { Agent, Delivery, Message, Send, State } from "./main.ts";

const maxAttempts = 3;

export async function openAgent(folder: string, fs: typeof nodeFs = nodeFs): Promise<Agent> {
  const { appendFile, mkdir, readFile, readdir, writeFile } = fs.promises;
  const conversations = join(folder, "conversations");
  const deliveries = join(folder, "deliveries");
  await mkdir(conversations, { recursive: true });
  await mkdir(deliveries, { recursive: true });
  const statePath = join(folder, "state.json");
  const state: State = fs.existsSync(statePath)
    ? (JSON.parse(await readFile(statePath, "utf8")) as State)
    : { settings: { model: "small", approve: "ask" }, conversations: {} };
  const save = (): Promise<void> => writeFile(statePath, JSON.stringify(state, undefined, 2));
  const saveDelivery = (delivery: Delivery): Promise<void> =>
    writeFile(join(deliveries, `${delivery.id}.json`), JSON.stringify(delivery, undefined, 2));

  return {
    state,
    async configure(settings) {
      Object.assign(state.settings, settings);
      await save();
    },
    async say(id, message) {
      await appendFile(join(conversations, `${id}.jsonl`), `${JSON.stringify(message)}\n`);
      const title = state.conversations[id]?.title ?? message.text.slice(0, 40);
      state.conversations[id] = { title, lastSaid: new Date().toISOString() };
      await save();
    },
    async messages(id) {
      const text = await readFile(join(conversations, `${id}.jsonl`), "utf8");
      const lines = text.split("\n").filter((line) => line !== "");
      return lines.map((line) => JSON.parse(line) as Message);
    },
    async promise(to, text) {
      const delivery: Delivery = { id: randomUUID(), to, text, status: "pending", attempts: 0 };
      await saveDelivery(delivery);
      return delivery;
    },
    async deliver(send) {
      const tried: Delivery[] = [];
      for (const name of await readdir(deliveries)) {
        const delivery = JSON.parse(await readFile(join(deliveries, name), "utf8")) as Delivery;
        if (delivery.status !== "pending") continue;
        delivery.attempts++;
        try {
          await send(delivery);
          delivery.status = "delivered";
        } catch (error) {
          if (delivery.attempts >= maxAttempts) delivery.status = "failed";
          delivery.error = String(error);
        }
        await saveDelivery(delivery);
        tried.push(delivery);
      }
      return { tried, problems: [] };
    },
    close: async () => {},
  };
}

if (import.meta.filename === process.argv[1]) {
  const [folder = "agent", text = "hello", model = "small"] = process.argv.slice(2);
  const agent = await openAgent(folder);
  const send: Send = async ({ id, to, text }) => console.log(`sent ${id} to ${to}: ${text}`);
  await agent.configure({ model });
  await agent.say("today", { role: "user", text });
  const { id } = await agent.promise("operations", text);
  console.log(`promised ${id}`);
  await agent.deliver(send);
}
