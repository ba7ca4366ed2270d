// A client of the RPC specimen for Node: calls both ways, callbacks as arguments, topics, time-outs, a clean close.
// It speaks the language of ../peer.py. What has to end when a client closes: its requests, its session's sweeper, its
// long poll (an AbortController), its listener on `process`, its socket.

import WebSocket from "ws";

const VERSION = 1;
const PIECE = 64 * 1024;
const SWEEP_MS = 5_000;

export class RemoteError extends Error {
  constructor(type, text) {
    super(`${type}: ${text}`);
    this.type = type;
  }
}

/** The names of `faults` leave steps of `close()` out: "js-listeners", "js-abort", "js-sweep". */
export class Client {
  #socket;
  #pending = new Map();
  #numbers = 0;
  #services = new Map();
  #handlers = new Map();
  #lent = new Map();
  #partial = new Map();
  #closed = false;
  #faults;
  #sweeper;
  #polling = new AbortController();
  #onRejection = (error) => this.emit("rejection", error);

  constructor(url, { name = "js client", key = "", timeout = 10_000, faults = [] } = {}) {
    Object.assign(this, { url, name, key, timeout });
    this.#faults = new Set(faults);
    this.#services.set("peer", { ping: () => "pong", services: () => [...this.#services.keys()] });
  }

  async connect() {
    this.#socket = new WebSocket(this.url);
    this.#socket.on("message", (data) => this.#received(String(data)));
    this.#socket.on("close", () => this.#lineDown());
    await new Promise((resolve, reject) => {
      this.#socket.once("open", resolve);
      this.#socket.once("error", reject);
    });
    this.#socket.on("error", (error) => this.emit("error", error));
    try {
      const hello = { t: "hello", name: this.name, key: this.key, token: "" };
      const welcome = await this.#ask(hello, this.timeout);
      if (welcome.version !== VERSION) throw new RemoteError("Refused", `the server speaks ${welcome.version}`);
    } catch (error) {
      await this.close();
      throw error;
    }
    process.on("unhandledRejection", this.#onRejection);
    this.#sweeper = setInterval(() => this.#sweep(), SWEEP_MS);
  }

  /** Ends everything that this client has begun. */
  async close() {
    if (this.#closed) return;
    if (this.#socket.readyState === WebSocket.OPEN) this.#send({ t: "bye" });
    this.#closed = true;
    if (!this.#faults.has("js-listeners")) process.off("unhandledRejection", this.#onRejection);
    if (!this.#faults.has("js-sweep")) clearInterval(this.#sweeper);
    if (!this.#faults.has("js-abort")) this.#polling.abort();
    this.#lineDown();
    for (const store of [this.#services, this.#handlers, this.#lent, this.#partial]) store.clear();
    await this.#hangUp();
  }

  call(service, method, ...args) {
    return this.#ask({ t: "call", service, method, args: args.map((arg) => this.#encode(arg)), kwargs: {} }, this.timeout);
  }

  serve(name, methods) {
    this.#services.set(name, methods);
  }

  on(name, handler) {
    this.#handlers.set(name, [...(this.#handlers.get(name) ?? []), handler]);
  }

  emit(name, ...values) {
    for (const handler of this.#handlers.get(name) ?? []) handler(...values);
  }

  async subscribe(topic, handler) {
    this.on(topic, handler);
    await this.call("hub", "subscribe", [topic]);
  }

  /** A request over HTTP that the server answers when it has news; `close` aborts it. `fetcher` is fetch or alike. */
  poll(url, fetcher = fetch) {
    return fetcher(url, { signal: this.#polling.signal }).then((answer) => this.emit("polled", answer));
  }

  async #hangUp() {
    if (this.#socket.readyState !== WebSocket.CLOSED) {
      const ended = new Promise((resolve) => this.#socket.once("close", resolve));
      this.#socket.close();
      await ended;
    }
    this.#socket.removeAllListeners();
  }

  #lineDown() {
    for (const number of [...this.#pending.keys()]) this.#settle(number, "reject", new RemoteError("PeerClosed", "the line is down"));
  }

  #send(message) {
    const text = JSON.stringify(message);
    if (text.length <= PIECE) return this.#socket.send(text);
    const of = Math.ceil(text.length / PIECE);
    const id = ++this.#numbers;
    for (let index = 0; index < of; index += 1) {
      const piece = text.slice(index * PIECE, (index + 1) * PIECE);
      this.#socket.send(JSON.stringify({ t: "chunk", id, index, of, text: piece }));
    }
    return undefined;
  }

  #ask(message, timeout) {
    const id = ++this.#numbers;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#settle(id, "reject", new RemoteError("RequestTimeout", `${timeout} ms`)), timeout);
      this.#pending.set(id, { resolve, reject, timer });
      this.#send({ ...message, id });
    });
  }

  #settle(id, how, value) {
    const request = this.#pending.get(id);
    if (!request) return;
    this.#pending.delete(id);
    clearTimeout(request.timer);
    request[how](value);
  }

  #received(text) {
    const message = JSON.parse(text);
    if (message.t === "result") this.#settle(message.id, "resolve", this.#decode(message.value));
    else if (message.t === "error") this.#settle(message.id, "reject", new RemoteError(message.type, message.text));
    else if (message.t === "call") this.#answer(message);
    else if (message.t === "event") this.emit(message.name, ...this.#decode(message.values));
    else if (message.t === "release") this.#lent.delete(message.target);
    else if (message.t === "chunk") this.#piece(message);
    else if (message.t === "bye") this.close();
  }

  #piece({ id, index, of, text }) {
    const partial = this.#partial.get(id) ?? { since: Date.now(), pieces: new Array(of), missing: of };
    this.#partial.set(id, partial);
    partial.pieces[index] = text;
    partial.missing -= 1;
    if (partial.missing > 0) return;
    this.#partial.delete(id);
    this.#received(partial.pieces.join(""));
  }

  async #answer({ id, service, target, method, args }) {
    try {
      const found = service === undefined ? this.#lent.get(target) : this.#services.get(service)?.[method];
      if (!found) throw new RemoteError("LookupError", `nothing to call: ${service ?? target}.${method}`);
      const value = await found(...args.map((arg) => this.#decode(arg)));
      if (!this.#closed) this.#send({ t: "result", id, value: this.#encode(value ?? null) });
    } catch (error) {
      if (!this.#closed) this.#send({ t: "error", id, type: error.type ?? error.name, text: error.message });
    }
  }

  #encode(value) {
    if (typeof value === "function") {
      const target = ++this.#numbers;
      this.#lent.set(target, value);
      return { $: "function", target };
    }
    if (Array.isArray(value)) return value.map((item) => this.#encode(item));
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, this.#encode(item)]));
  }

  #decode(value) {
    if (Array.isArray(value)) return value.map((item) => this.#decode(item));
    if (value === null || typeof value !== "object") return value;
    if (value.$ === "yours") return this.#lent.get(value.target);
    if (value.$ === "bytes") return Buffer.from(value.v, "base64");
    if (value.$ === "function") return (...args) => this.#callLent(value.target, null, args);
    if (value.$ === "object") return this.#object(value.target);
    const plain = value.$ === "dict" ? value.v : value;
    return Object.fromEntries(Object.entries(plain).map(([key, item]) => [key, this.#decode(item)]));
  }

  #callLent(target, method, args) {
    return this.#ask({ t: "call", target, method, args: args.map((arg) => this.#encode(arg)), kwargs: {} }, this.timeout);
  }

  // A promise must not take it for one of its kind, so it has no "then".
  #object(target) {
    const get = (_, method) => (method === "then" ? undefined : (...args) => this.#callLent(target, method, args));
    return new Proxy({}, { get });
  }

  #sweep() {
    for (const [id, partial] of this.#partial) if (Date.now() - partial.since > 60_000) this.#partial.delete(id);
  }
}
