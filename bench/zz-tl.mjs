// zz-tl.ts
import { mkdirSync as mkdirSync2, mkdtempSync, readFileSync as readFileSync2, renameSync, rmSync } from "node:fs";
import { join as join4 } from "node:path";
import { execFileSync } from "node:child_process";

// src/hub.ts
import { spawn as spawn2 } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

// src/execute.ts
import { spawn } from "node:child_process";
function execute(command2, arguments_, env = process.env) {
  return new Promise((resolve, reject) => {
    const child = spawn(command2, arguments_, { env, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    let errors = "";
    child.stdout.on("data", (data) => {
      output += data.toString();
    });
    child.stderr.on("data", (data) => {
      errors += data.toString();
    });
    child.on("error", reject);
    child.on("close", (status) => resolve({ status: status ?? 1, output, errors }));
  });
}

// src/hub.ts
var command = fileURLToPath(
  import.meta.resolve("@onitu/launcher/package.json").replace(/package\.json$/, "bin/onitu.js")
);
var notRunning = 3;
var waitSeconds = 3600;
var Hub = class _Hub {
  #process;
  #options;
  #output;
  constructor(process2, options, output) {
    this.#process = process2;
    this.#options = options;
    this.#output = output;
  }
  /** Returns at once; the hub is not ready yet. */
  static start(pair) {
    return _Hub.startOn(pair.memory, setupFor(pair));
  }
  /** The same on any setup. `memory`: a folder for what the hub keeps. */
  static startOn(memory, written) {
    const setup = join(memory, "setup.json");
    writeFileSync(setup, JSON.stringify(written));
    const options = ["--setup", setup, "--config-dir", join(memory, "config")];
    const child = spawn2(process.execPath, [command, "start", ...options], { stdio: ["ignore", "pipe", "pipe"] });
    const output = [];
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (data) => keepLast(output, data.toString()));
    return new _Hub(child, options, output);
  }
  /** Until both folders are the same. Waits for a hub that is still starting. */
  async settle() {
    for (; ; ) {
      const outcome = await this.#onitu("wait", "--timeout", String(waitSeconds));
      if (outcome.status === 0) return;
      if (outcome.status !== notRunning) throw new Error(`onitu wait ended with ${outcome.status}: ${outcome.errors}`);
      if (this.#process.exitCode !== null)
        throw new Error(`onitu start ended with ${this.#process.exitCode}:
${this.#output.join("")}`);
    }
  }
  async memory(task) {
    return (await this.#processes()).map(({ name, pid }) => ({ task, process: name, ...memoryOf(pid) }));
  }
  /** What `act` costs each process, in ms of processor time. */
  async processorTime(act) {
    const before = (await this.#processes()).map((process2) => ({ ...process2, time: processorTimeOf(process2.pid) }));
    await act();
    return new Map(before.map(({ name, pid, time }) => [name, processorTimeOf(pid) - time]));
  }
  async #processes() {
    const { status, output, errors } = await this.#onitu("status", "--json");
    if (status !== 0) throw new Error(`onitu status ended with ${status}: ${errors}`);
    const { processes } = JSON.parse(output);
    const launcher = { name: "launcher", pid: this.#process.pid ?? null };
    return [launcher, ...processes.filter(({ name }) => name !== launcher.name)].flatMap(
      ({ name, pid }) => pid === null ? [] : [{ name, pid }]
    );
  }
  async stop() {
    if (this.#process.exitCode !== null) return;
    const ended = once(this.#process, "close");
    this.#process.kill("SIGTERM");
    await ended;
  }
  #onitu(...arguments_) {
    return execute(process.execPath, [command, ...arguments_, ...this.#options]);
  }
};
function setupFor({ left, right }) {
  const service = (path) => ({ driver: "local-storage", folders: { data: path } });
  return { name: "bench", folders: { data: {} }, services: { left: service(left), right: service(right) } };
}
function memoryOf(pid) {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const megabytes = (field) => Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(status)?.[1]) * 1024 / 1e6;
  return { resident: megabytes("VmRSS"), peak: megabytes("VmHWM") };
}
function processorTimeOf(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").replace(/^.*\) /s, "").split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}
function keepLast(lines, text) {
  lines.push(text);
  if (lines.length > 50) lines.shift();
}

// src/drivers/remotes/sftp.ts
import { join as join2 } from "node:path";
import { fileURLToPath as fileURLToPath2 } from "node:url";
import { OpenSshServer, openSshProblem } from "@onitu/test-utils/servers";
var driver = fileURLToPath2(import.meta.resolve("@onitu/driver-sftp"));
var sftp = {
  name: "SFTP",
  problem: openSshProblem,
  async start(folder) {
    const server = await OpenSshServer.start();
    const { host, port, user, clientKey, hostKey } = server;
    const options = { host, port, user, private_key_file: clientKey, host_key: hostKey };
    let made = 0;
    return {
      service: (path, more) => ({ driver, options: { ...options, ...more }, folders: { data: path } }),
      rclone: { TYPE: "sftp", HOST: host, PORT: String(port), USER: user, KEY_FILE: clientKey },
      fresh: () => join2(folder, `served-${++made}`),
      close: () => server.close()
    };
  }
};

// src/make-files.ts
import { randomBytes } from "node:crypto";
import { closeSync, mkdirSync, openSync, writeFileSync as writeFileSync2, writeSync } from "node:fs";
import { join as join3 } from "node:path";
var filesInFolder = 100;
var mebibyte = 1024 * 1024;
function makeTree(root2, files, size) {
  for (let made = 0; made < files; made += 1) {
    const folder = join3(root2, `folder-${Math.floor(made / filesInFolder)}`);
    if (made % filesInFolder === 0) mkdirSync(folder, { recursive: true });
    writeFileSync2(join3(folder, `file-${made}.bin`), randomBytes(size));
  }
}
function makeBigFile(file, mebibytes) {
  const descriptor = openSync(file, "wx");
  try {
    for (let written = 0; written < mebibytes; written += 1) writeSync(descriptor, randomBytes(mebibyte));
  } finally {
    closeSync(descriptor);
  }
}

// zz-tl.ts
var [dir = "down", what = "big", rounds = "2"] = process.argv.slice(2);
var base = mkdtempSync("/tmp/me/tl-");
var remote = await sftp.start(base);
var root = join4(base, "local");
mkdirSync2(root, { recursive: true });
var served = remote.fresh();
var hub = Hub.startOn(base, { name: "bench", folders: { data: {} }, services: { local: { driver: "local-storage", folders: { data: root } }, remote: remote.service(served, { poll_fastest: 3600, poll_slowest: 3600 }) } });
await hub.settle();
for (let i = 0; i < Number(rounds); i++) {
  const staged = join4(base, "staged");
  mkdirSync2(staged);
  if (what === "big") makeBigFile(join4(staged, "big"), 256);
  else makeTree(staged, 1e3, 4096);
  execFileSync("sync");
  const target = join4(dir === "up" ? root : served, "load" + i);
  const t = Date.now();
  const cost = await hub.processorTime(async () => {
    const a = Date.now();
    renameSync(staged, target);
    await hub.settle();
    console.log("total", Date.now() - a, "start", a);
    globalThis.S = a;
    globalThis.E = Date.now();
  });
  console.log([...cost].map(([n, c]) => `${n} ${c}`).join(" "));
  const { S, E } = globalThis;
  if (what === "big") for (const line of readFileSync2(join4(base, "config/bench/logs/onitu.log"), "utf8").split("\n")) {
    if (!line) continue;
    const e = JSON.parse(line);
    const time = typeof e.time === "number" ? e.time : Date.parse(e.time);
    if (time >= S && time <= E + 100) console.log("  ", time - S, line.slice(0, 160));
  }
}
await hub.stop();
await remote.close();
rmSync(base, { recursive: true });
