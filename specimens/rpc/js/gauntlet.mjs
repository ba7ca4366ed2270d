// Connects and disconnects, and counts what stays: clients by WeakRef, and what the event loop still has open.
//
//   node --expose-gc gauntlet.mjs ws://127.0.0.1:8765 --cycles 91 --faults js-sweep
//
// Prints one line of JSON: { fault, cycles, alive, resources, listeners, warnings, heap_bytes_per_cycle }.
// `resources` is what process.getActiveResourcesInfo() has more at the end than at the beginning, by kind.

import { Client } from "./client.mjs";

const WARM_UP = 20;

const [url, ...rest] = process.argv.slice(2);
const option = (name, fallback) => (rest.includes(name) ? rest[rest.indexOf(name) + 1] : fallback);
const cycles = Number(option("--cycles", "91"));
const faults = option("--faults", "").split(",").filter(Boolean);
if (!url || !globalThis.gc) {
  console.error("usage: node --expose-gc gauntlet.mjs URL [--cycles 91] [--faults NAME,NAME]");
  process.exit(2);
}

// News that never come: what a server does with a long poll. It knows its signals, as fetch's connections do.
const waiting = new Set();
const neverAnswers = (_, { signal }) =>
  new Promise((resolve, reject) => {
    const entry = { resolve, signal };
    waiting.add(entry);
    signal.addEventListener("abort", () => {
      waiting.delete(entry);
      reject(signal.reason);
    }, { once: true });
  });

const clients = [];
let warnings = 0;
process.on("warning", () => (warnings += 1));

async function live() {
  const client = new Client(url, { faults });
  clients.push(new WeakRef(client));
  client.serve("visitor", { double: (number) => 2 * number });
  await client.connect();
  if ((await client.call("calculator", "add", 2, 3)) !== 5) throw new Error("wrong sum");
  const doubled = await client.call("calculator", "each", [1, 2], (number) => 2 * number);
  if (doubled.join() !== "2,4") throw new Error("wrong callbacks");
  if ((await client.call("calculator", "length", "x".repeat(150_000))) !== 150_000) throw new Error("wrong chunks");
  const counter = await client.call("workshop", "counter");
  if ((await counter.add(2)) !== 2) throw new Error("wrong object");
  await client.subscribe("news", () => {});
  client.poll("http://127.0.0.1/news", neverAnswers).catch(() => {});
  await client.close();
}

// A WeakRef holds until the turn ends, so turns come between collections.
async function settle() {
  for (let round = 0; round < 4; round += 1) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    globalThis.gc();
  }
}

function census() {
  const kinds = {};
  for (const kind of process.getActiveResourcesInfo()) kinds[kind] = (kinds[kind] ?? 0) + 1;
  return kinds;
}

for (let index = 0; index < Math.min(WARM_UP, cycles); index += 1) await live();
await settle();
clients.length = 0;
const [before, listeners, heap] = [census(), process.listenerCount("unhandledRejection"), process.memoryUsage().heapUsed];
for (let index = 0; index < cycles; index += 1) await live();
await settle();
const resources = {};
for (const [kind, count] of Object.entries(census())) {
  if (count > (before[kind] ?? 0)) resources[kind] = count - (before[kind] ?? 0);
}
console.log(JSON.stringify({
  fault: faults.join(),
  cycles,
  alive: clients.filter((reference) => reference.deref() !== undefined).length,
  resources,
  listeners: process.listenerCount("unhandledRejection") - listeners,
  warnings,
  heap_bytes_per_cycle: Math.round((process.memoryUsage().heapUsed - heap) / cycles),
}));
process.exit(0);
