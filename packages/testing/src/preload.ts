import { startInChild } from "./process/child/start.ts";

await startInChild();
